package manifest

import (
	"strings"
	"testing"
)

func TestHabitsOfComposeFilesAreToldWhatTheyBecome(t *testing.T) {
	for name, test := range map[string]struct{ container, want string }{
		"variables as a mapping":                   {"env: {FOO: bar}", "must be a list of variables, not a mapping: - {name: FOO, value: bar}"},
		"a variable that needs quotes":             {"env: {PORT: 8080}", `- {name: PORT, value: "8080"}`},
		"a variable that YAML takes for a boolean": {"env: {DEBUG: yes}", `- {name: DEBUG, value: "yes"}`},
		"a variable with a comma":                  {"env: {HOSTS: 'a,b'}", `- {name: HOSTS, value: "a,b"}`},
		"a variable that is none":                  {"env: {FOO: [bar]}", "- {name: FOO, value: bar}"},
		"no variables":                             {"env: {}", `must be a list: put "- " before each item`},
		"variables as texts":                       {"env: [FOO=bar baz]", `must be a mapping of fields, not the string "FOO=bar baz": write {name: FOO, value: bar baz}`},
		"a text that is no variable":               {"env: [FOO]", `must be a mapping of fields, not the string "FOO" [`},
		"a published port":                         {`ports: ["8080:80"]`, `must be a mapping of fields, not the string "8080:80": write {containerPort: 80, hostPort: 8080}`},
		"a port that is not published":             {"ports: [80]", "must be a mapping of fields, not the number 80: write {containerPort: 80}"},
		"a port of one address":                    {`ports: ["127.0.0.1:8080:80"]`, `write {containerPort: 80, hostPort: 8080, hostIP: "127.0.0.1"}`},
		"a port of an IPv6 address":                {`ports: ["[::1]:53:53/udp"]`, `write {containerPort: 53, hostPort: 53, hostIP: "::1", protocol: UDP}`},
		"a range of ports":                         {`ports: ["8080-8081:80-81"]`, `must be a mapping of fields, not the string "8080-8081:80-81" [`},
		"volumes in a container":                   {"volumes: [{name: data}]", `there is no field "volumes" here: it belongs in spec, and where the container sees them in volumeMounts`},
		"a field by its first word":                {"livenessProbe: {initialDelay: 3, exec: {command: [a]}}", `there is no field "initialDelay" here: did you mean initialDelaySeconds?`},
		"the first word of several fields":         {"restart: always", `there is no field "restart" here: did you mean restartPolicy?`},
		"the first word of a field elsewhere":      {"host: a", `there is no field "host" here: `},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := load("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: a\n    " + test.container + "\n")
			var texts []string
			for _, p := range problems {
				texts = append(texts, p.Message+" ["+p.Rule+"]")
			}
			if text := strings.Join(texts, "\n"); !strings.Contains(text, test.want) {
				t.Errorf("got\n%s\nwant\n%s", text, test.want)
			}
		})
	}
}
