package cmd

import "testing"

func TestExplainShowsTextClassAndFields(t *testing.T) {
	for name, arg := range map[string]string{
		"a field that is honoured":  "pod.spec.containers.securityContext",
		"a field that is refused":   "pod.spec.volumes.nfs.server",
		"a key of a map":            "pod.spec.containers.resources.limits.cpu",
		"a kind without containers": "configmap",
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), "", "explain", arg)
			if got.code != exitDone || got.err != "" {
				t.Fatalf("exit code %d, %s", got.code, got.err)
			}
			golden(t, "explain/"+arg+".txt", got.out)
		})
	}
}

func TestExplainSaysWhatThereIsInstead(t *testing.T) {
	got := runMain(t, noEngine(t), "", "explain", "pod.spec.foo")
	if got.code != exitUsage {
		t.Errorf("exit code %d", got.code)
	}
	golden(t, "explain/unknown.txt", got.err)
}
