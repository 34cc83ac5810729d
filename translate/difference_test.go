package translate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

func TestDifferences(t *testing.T) {
	type fields = []translate.Field
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		old, new fields
		want     []string
	}{
		"nothing differs": {
			fields{{"image", "a"}}, fields{{"image", "a"}}, nil},
		"a value changes": {
			fields{{"image", "nginx:1.26"}}, fields{{"image", "nginx:1.27"}}, []string{"image: nginx:1.26 → nginx:1.27"}},
		"a field goes": {
			fields{{"env LOG", "a"}}, nil, []string{"env LOG: removed"}},
		"a field comes": {
			nil, fields{{"env LOG", "debug"}}, []string{"env LOG: added (debug)"}},
		"changes come in the new order and removals last": {
			fields{{"z", "1"}, {"gone", "1"}, {"a", "1"}}, fields{{"a", "2"}, {"new", "1"}, {"z", "2"}},
			[]string{"a: 1 → 2", "new: added (1)", "z: 1 → 2", "gone: removed"}},
		"order alone is no difference": {
			fields{{"a", "1"}, {"b", "1"}}, fields{{"b", "1"}, {"a", "1"}}, nil},
		"a confidential value only changes": {
			fields{{"env P", "(secret 0123456789abcdef01234567)"}}, fields{{"env P", "(secret 76543210fedcba9876543210)"}},
			[]string{"env P: changed"}},
		"a confidential value comes without a digest": {
			nil, fields{{"env P", "(secret 0123456789abcdef01234567)"}}, []string{"env P: added"}},
		"plain text that becomes confidential is not shown": {
			fields{{"env P", "hunter2"}}, fields{{"env P", "(secret 0123456789abcdef01234567)"}}, []string{"env P: changed"}},
		"confidential text that becomes plain is not shown": {
			fields{{"env P", "(secret 0123456789abcdef01234567)"}}, fields{{"env P", "hunter2"}}, []string{"env P: changed"}},
		"a long value is shown where it differs": {
			fields{{"args", long + "old" + long}}, fields{{"args", long + "new" + long}},
			[]string{"args: …" + strings.Repeat("x", 12) + "old" + strings.Repeat("x", 45) + "… → …" +
				strings.Repeat("x", 12) + "new" + strings.Repeat("x", 45) + "…"}},
		"a long value that comes is cut": {
			nil, fields{{"args", long}}, []string{"args: added (" + strings.Repeat("x", 60) + "…)"}},
		"the end of a long value is shown where something is appended": {
			fields{{"args", long}}, fields{{"args", long + "y"}},
			[]string{"args: …" + strings.Repeat("x", 12) + " → …" + strings.Repeat("x", 12) + "y"}},
		"characters are not cut through": {
			nil, fields{{"args", strings.Repeat("ü", 100)}}, []string{"args: added (" + strings.Repeat("ü", 60) + "…)"}},
		"an empty value is seen": {
			fields{{"env A", ""}}, fields{{"env A", "b"}}, []string{`env A: "" → b`}},
		"spaces at the ends and control characters are seen": {
			fields{{"env A", "b "}}, fields{{"env A", "b\nc\x1b"}}, []string{`env A: "b " → "b\nc\x1b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := translate.Differences(c.old, c.new); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestSupervisionDifferences(t *testing.T) {
	type fields = []translate.Field
	policy := translate.Field{Name: "restartPolicy", Value: "Always"}
	probe := fields{{Name: "readinessProbe.httpGet.path", Value: "/"}, {Name: "readinessProbe.periodSeconds", Value: "10"}}
	with := func(all ...fields) fields { return slices.Concat(append([]fields{{policy}}, all...)...) }
	for name, c := range map[string]struct {
		old, new fields
		want     []string
	}{
		"nothing differs":                  {with(probe), with(probe), nil},
		"a probe that comes is one clause": {with(), with(probe), []string{"readinessProbe added"}},
		"a probe that goes is one clause":  {with(probe), with(), []string{"readinessProbe removed"}},
		"a field of a probe that stays is told of alone": {
			with(probe), with(fields{probe[0], {Name: "readinessProbe.periodSeconds", Value: "5"}}), []string{"readinessProbe.periodSeconds: 10 → 5"}},
		"a field that comes to a probe is, too": {
			with(probe[:1]), with(probe), []string{"readinessProbe.periodSeconds: added (10)"}},
		"hooks come and go as a whole, behind what else changes": {
			with(fields{{Name: "lifecycle.postStart.sleep.seconds", Value: "1"}}),
			fields{{Name: "restartPolicy", Value: "Never"}, {Name: "lifecycle.preStop.exec.command", Value: "[]"}},
			[]string{"restartPolicy: Always → Never", "lifecycle.postStart removed", "lifecycle.preStop added"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := translate.SupervisionDifferences(c.old, c.new); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
