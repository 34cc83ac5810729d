package program

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// poll is how often a command looks at something that cannot wake it.
const poll = 5 * time.Millisecond

func commands() map[string]command {
	return map[string]command{
		"print":    say(func(r *run) io.Writer { return r.Out }, "\n"),
		"warn":     say(func(r *run) io.Writer { return r.Err }, "\n"),
		"part":     say(func(r *run) io.Writer { return r.Out }, ""),
		"lines":    lines,
		"tick":     tick,
		"sleep":    sleep,
		"exit":     exit,
		"ignore":   ignore,
		"obey":     obey,
		"env":      env,
		"args":     args,
		"id":       id,
		"pwd":      pwd,
		"hostname": hostname,
		"write":    write,
		"remove":   remove,
		"cat":      cat,
		"ls":       ls,
		"mode":     mode,
		"look":     look,
		"await":    await,
		"watch":    watch,
		"serve":    serve,
		"get":      get,
		"lookup":   lookup,
		"size":     size,
		"tty":      tty,

		"note":      note,
		"beat":      beat,
		"term":      term,
		"fail":      fail,
		"hog":       hog,
		"terminate": terminate,
		"orphan":    orphan,
		"orphans":   orphans,
		"zombies":   zombies,
		"web":       web,
		"health":    health,
	}
}

func say(to func(*run) io.Writer, end string) command {
	return func(_ context.Context, r *run, args []string) (int, bool) {
		io.WriteString(to(r), text(args)+end)
		return 0, false
	}
}

func lines(ctx context.Context, r *run, args []string) (int, bool) {
	count, err := number(args, 0)
	if err != nil {
		return r.fail("lines: %v", err)
	}
	every, err := duration(args, 1, 0)
	if err != nil {
		return r.fail("lines: %v", err)
	}
	for i := range count {
		fmt.Fprintf(r.Out, "line %d\n", i+1)
		if code, over := r.pause(ctx, every); over {
			return code, true
		}
	}
	return 0, false
}

func tick(ctx context.Context, r *run, args []string) (int, bool) {
	every, err := duration(args, 0, time.Second)
	if err != nil {
		return r.fail("tick: %v", err)
	}
	for i := 1; ; i++ {
		fmt.Fprintf(r.Out, "tick %d\n", i)
		if code, over := r.pause(ctx, every); over {
			return code, true
		}
	}
}

func sleep(ctx context.Context, r *run, args []string) (int, bool) {
	d, err := duration(args, 0, -1)
	if err != nil {
		return r.fail("sleep: %v", err)
	}
	return r.pause(ctx, d)
}

func exit(_ context.Context, r *run, args []string) (int, bool) {
	code, err := number(args, 0)
	if err != nil {
		return r.fail("exit: %v", err)
	}
	return code, true
}

func ignore(_ context.Context, r *run, _ []string) (int, bool) {
	r.onTerm = -1
	return 0, false
}

func obey(_ context.Context, r *run, args []string) (int, bool) {
	code, err := number(args, 0)
	if err != nil {
		return r.fail("obey: %v", err)
	}
	r.onTerm = code
	return 0, false
}

func env(_ context.Context, r *run, args []string) (int, bool) {
	sorted := slices.Sorted(slices.Values(r.Env))
	if len(args) == 0 {
		for _, pair := range sorted {
			fmt.Fprintln(r.Out, pair)
		}
		return 0, false
	}
	for _, pair := range sorted {
		if name, value, _ := strings.Cut(pair, "="); name == args[0] {
			fmt.Fprintln(r.Out, value)
			return 0, false
		}
	}
	return r.fail("env: %s is not set", args[0])
}

func args(_ context.Context, r *run, _ []string) (int, bool) {
	for _, arg := range r.Args {
		fmt.Fprintln(r.Out, arg)
	}
	return 0, false
}

func id(_ context.Context, r *run, _ []string) (int, bool) {
	fmt.Fprintf(r.Out, "%d:%d\n", r.UID, r.GID)
	return 0, false
}

func pwd(_ context.Context, r *run, _ []string) (int, bool) {
	fmt.Fprintln(r.Out, r.Dir)
	return 0, false
}

func hostname(_ context.Context, r *run, _ []string) (int, bool) {
	fmt.Fprintln(r.Out, r.Hostname)
	return 0, false
}

func serve(ctx context.Context, r *run, args []string) (int, bool) {
	port, err := number(args, 0)
	if err != nil {
		return r.fail("serve: %v", err)
	}
	listener, err := r.Listen(port)
	if err != nil {
		return r.fail("serve: %v", err)
	}
	defer listener.Close()
	body := text(args[1:]) + "\n"
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn, body)
		}
	}()
	fmt.Fprintf(r.Out, "serving %d\n", port)
	return r.pause(ctx, -1)
}

// answer replies to one HTTP request, whatever it asks for.
func answer(conn net.Conn, body string) {
	defer conn.Close()
	request := bufio.NewReader(conn)
	for {
		line, err := request.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func get(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("get: an address is missing")
	}
	if r.Dial == nil {
		return r.fail("get: there is no network")
	}
	conn, err := r.Dial(args[0])
	if err != nil {
		return r.fail("get %s: %v", args[0], err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", args[0])
	answer, err := io.ReadAll(conn)
	if err != nil {
		return r.fail("get %s: %v", args[0], err)
	}
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	io.WriteString(r.Out, body)
	return 0, false
}

func lookup(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) != 1 {
		return r.fail("lookup: one name is wanted, not %d", len(args))
	}
	if r.Lookup == nil {
		return r.fail("lookup: there is no network")
	}
	addresses, err := r.Lookup(args[0])
	if err != nil {
		return r.fail("lookup %s: %v", args[0], err)
	}
	slices.Sort(addresses)
	for _, address := range slices.Compact(addresses) {
		fmt.Fprintln(r.Out, address)
	}
	return 0, false
}

func size(ctx context.Context, r *run, _ []string) (int, bool) {
	var last string
	for {
		width, height, ok := r.Size()
		if !ok {
			return r.fail("size: not a terminal")
		}
		if now := fmt.Sprintf("%dx%d", width, height); now != last {
			fmt.Fprintln(r.Out, now)
			last = now
		}
		if code, over := r.pause(ctx, poll); over {
			return code, true
		}
	}
}

func tty(_ context.Context, r *run, _ []string) (int, bool) {
	if r.TTY {
		fmt.Fprintln(r.Out, "tty")
	} else {
		fmt.Fprintln(r.Out, "no tty")
	}
	return 0, false
}
