package status

import "testing"

func TestWhyASupervisorHasKilledAContainer(t *testing.T) {
	refused := Tally{Result: Failure, Last: Failure, Count: 2, Output: "Get \"http://10.89.0.4:9999/\": dial tcp 10.89.0.4:9999: connect: connection refused"}
	for name, test := range map[string]struct {
		of   Container
		want string
	}{
		"one that ended by itself was not killed":      {Container{Liveness: refused}, ""},
		"its liveness probe failed":                    {Container{Kill: KillLiveness, Liveness: refused}, "its liveness probe failed 2 times: GET http://10.89.0.4:9999/: connection refused"},
		"its startup probe failed":                     {Container{Kill: KillStartup, Startup: Tally{Last: Failure, Count: 1, Output: "exit code 1\n"}, Liveness: refused}, "its startup probe failed once: exit code 1"},
		"a probe that said nothing":                    {Container{Kill: KillLiveness, Liveness: Tally{Last: Failure, Count: 3}}, "its liveness probe failed 3 times"},
		"the results of the probe are not known":       {Container{Kill: KillLiveness}, "its liveness probe failed"},
		"its postStart failed":                         {Container{Kill: KillPostStart}, "its postStart hook failed"},
		"a server that is too slow says what it takes": {Container{Kill: KillLiveness, Liveness: Tally{Last: Failure, Count: 3, Output: "Get \"http://10.89.0.4/\": context deadline exceeded"}}, "its liveness probe failed 3 times: GET http://10.89.0.4/: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := Killed(test.of); got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v; want %q", got, ok, test.want)
			}
		})
	}
}
