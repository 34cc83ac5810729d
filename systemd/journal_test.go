package systemd

import (
	"slices"
	"strings"
	"testing"
)

func TestTheLastWordsAreThoseOfTheContainer(t *testing.T) {
	const (
		created = `{"MESSAGE":"2026-11-21 16:11:13 container create 96d2 (image=busybox)","PODMAN_EVENT":"create","_COMM":"podman","_TRANSPORT":"journal","CONTAINER_NAME":"","_SYSTEMD_INVOCATION_ID":"a"}`
		id      = `{"MESSAGE":"96d2af621641","_COMM":"podman","_TRANSPORT":"stdout","_SYSTEMD_INVOCATION_ID":"a"}`
		conmon  = `{"MESSAGE":"conmon 96d2 <nwarn>: Failed to open","_COMM":"conmon","_TRANSPORT":"journal","_SYSTEMD_INVOCATION_ID":"a"}`
		first   = `{"MESSAGE":"first word\n","_COMM":"conmon","_TRANSPORT":"journal","CONTAINER_NAME":"web-app","_SYSTEMD_INVOCATION_ID":"a"}`
		second  = `{"MESSAGE":"cannot open\n","_COMM":"conmon","_TRANSPORT":"journal","CONTAINER_NAME":"web-app","_SYSTEMD_INVOCATION_ID":"a"}`
		died    = `{"MESSAGE":"2026-11-21 16:11:14 container died 96d2 (image=busybox)","PODMAN_EVENT":"died","_COMM":"podman","_TRANSPORT":"journal","_SYSTEMD_INVOCATION_ID":"a"}`
		exited  = `{"MESSAGE":"web-app.service: Main process exited, status=3","_COMM":"systemd","_TRANSPORT":"journal","USER_INVOCATION_ID":"a","_SYSTEMD_INVOCATION_ID":"manager"}`
		again   = `{"MESSAGE":"Error: no such image","_COMM":"podman","_TRANSPORT":"stdout","_SYSTEMD_INVOCATION_ID":"b"}`
		start   = `{"MESSAGE":"Starting web-app.service","_COMM":"systemd","_TRANSPORT":"journal","INVOCATION_ID":"b"}`
		later   = `{"MESSAGE":"third word","_COMM":"conmon","_TRANSPORT":"journal","CONTAINER_NAME":"web-app","_SYSTEMD_INVOCATION_ID":"b"}`
		through = `{"MESSAGE":"straight","_COMM":"app","_TRANSPORT":"stdout","_SYSTEMD_INVOCATION_ID":"a"}`
		bytes   = `{"MESSAGE":[27,104,105],"_COMM":"conmon","CONTAINER_NAME":"web-app","_SYSTEMD_INVOCATION_ID":"a"}`
		twice   = `{"MESSAGE":["a","b"],"_COMM":"conmon","CONTAINER_NAME":"web-app","_SYSTEMD_INVOCATION_ID":"a"}`
		manager = `{"MESSAGE":"podup: cannot","_COMM":"podup","_TRANSPORT":"stdout","_SYSTEMD_INVOCATION_ID":"a"}`
	)
	for name, test := range map[string]struct{ entries, want []string }{
		"nothing was written":                       {nil, nil},
		"Podman's records are left out":             {[]string{created, conmon, id, first, second, died, exited}, []string{"first word", "cannot open"}},
		"those of the last run":                     {[]string{first, second, died, exited, start, later}, []string{"third word"}},
		"a run before, while the next one starts":   {[]string{first, died, exited, start}, []string{"first word"}},
		"why Podman did not start it again":         {[]string{first, died, exited, start, again}, []string{"Error: no such image"}},
		"others, where it wrote nothing":            {[]string{created, died, exited}, []string{"web-app.service: Main process exited, status=3"}},
		"Podman's records, where nothing else is":   {[]string{died}, []string{"2026-11-21 16:11:14 container died 96d2 (image=busybox)"}},
		"a container that writes past conmon":       {[]string{created, id, through, died}, []string{"straight"}},
		"a service in which podup leads the pods":   {[]string{manager, exited}, []string{"podup: cannot"}},
		"bytes that are no text":                    {[]string{bytes, died}, []string{"\x1bhi"}},
		"a message that is there twice is left out": {[]string{twice, first}, []string{"first word"}},
		"what is no entry is left out":              {[]string{"no JSON", first}, []string{"first word"}},
		"no more than are asked for":                {[]string{first, second, first, second, second}, []string{"first word", "cannot open", "cannot open"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lastWords(readEntries([]byte(strings.Join(test.entries, "\n"))), 3); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
