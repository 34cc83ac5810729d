package podmantest

import (
	"net/http"
	"strings"
)

func outputFacts() []fact {
	return []fact{
		{"a pull that fails answers 200 with the error in the stream", func(b *bench) {
			answer, err := b.do("POST", "/images/pull?policy=always&reference=localhost:1/nosuch:1", nil)
			if err != nil || answer.status != 200 || !strings.Contains(answer.text, `"error":`) {
				b.t.Errorf("%v %d %s", err, answer.status, answer.text)
			}
		}},
		{"logs need a stream, and come in frames", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil, "print", "one", "then", "print", "two", "then", "warn", "three")
			b.start(name)
			b.wait(name)
			b.expect(400, "you must choose at least one stream", "GET", "/containers/"+name+"/logs", nil)
			answer, err := b.do("GET", "/containers/"+name+"/logs?stdout=true", nil)
			want := "\x01\x00\x00\x00\x00\x00\x00\x04one\n\x01\x00\x00\x00\x00\x00\x00\x04two\n"
			if err != nil || answer.text != want {
				b.t.Errorf("stdout is %q", answer.text)
			}
			if tail := b.logs(name, "&tail=1"); strings.Contains(tail, "one") {
				b.t.Errorf("the last line is %q", tail)
			}
			if later := b.logs(name, "&since=4102444800"); later != "" {
				b.t.Errorf("logs since the year 2100: %q", later)
			}
		}},
		{"an exec session needs a JSON body to be removed", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.start(name)
			var made struct {
				ID string `json:"Id"`
			}
			b.must("POST", "/containers/"+name+"/exec", object{"Cmd": []string{TestProgram, "exit", "4"}, "AttachStdout": true}, &made)
			b.must("POST", "/exec/"+made.ID+"/start", object{"Detach": true}, nil)
			var found struct {
				Running  bool
				ExitCode int
			}
			b.eventually("the exec is over", func() bool {
				b.must("GET", "/exec/"+made.ID+"/json", nil, &found)
				return !found.Running && found.ExitCode == 4
			})
			b.expect(400, "", "POST", "/exec/"+made.ID+"/remove", nil)
			b.expect(200, "", "POST", "/exec/"+made.ID+"/remove", object{"Force": false})
			b.expect(404, "no such exec session", "GET", "/exec/"+made.ID+"/json", nil)
		}},
	}
}

// logs are the lines of both streams with whatever frames are around them.
func (b *bench) logs(name, query string) string {
	b.t.Helper()
	answer, err := b.do(http.MethodGet, "/containers/"+name+"/logs?stdout=true&stderr=true"+query, nil)
	if err != nil || answer.status != http.StatusOK {
		b.t.Fatalf("logs of %s: %v %d %s", name, err, answer.status, answer.text)
	}
	return answer.text
}
