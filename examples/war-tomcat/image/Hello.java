import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;

/** All of sample.war: says hello, and of which version it is. */
@WebServlet("/hello")
public class Hello extends HttpServlet {
	@Override
	protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
		String version;
		try (InputStream file = getServletContext().getResourceAsStream("/WEB-INF/version")) {
			version = new String(file.readAllBytes()).trim();
		}
		response.setContentType("text/plain");
		response.getWriter().printf("Hello from sample.war, version %s, on %s%n", version, getServletContext().getServerInfo());
	}
}
