package quadlet_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// unseen are fields of the wanted state that change nothing in units, each with the reason.
var unseen = map[string]string{
	"Container.Project":          "as of the project",
	"Network.Project":            "as of the project",
	"Pod.Project":                "as of the project",
	"Secret.Project":             "as of the project",
	"Volume.Project":             "as of the project",
	"Container.Ephemeral":        "no manifest has any",
	"Container.Target":           "no manifest has any",
	"Container.Order":            "the units say what comes before what",
	"Container.RestartForCPU":    "a container whose unit has changed is made anew in any case",
	"Container.RestartForMemory": "a container whose unit has changed is made anew in any case",
	"Lifecycle.BackoffKey":       "a unit that was restarted begins its back-off anew",
	"Resources.MemoryRequest":    "oom_score_adj takes the machine's memory, see oomScore",
	"Credential.Login":           "no unit may hold one; a note names the registry",
	"Pod.Held":                   "the volume's own unit mounts it",
	"Pod.Object":                 "what podup get shows",
	"Pod.Restart":                "each container has its own",
	"Namespaces.HostPID":         "each container has it",
	"Pod.UID":                    "it is in variables and files that ask for it",
	"Security.StrictGroups":      "with a group of its own, without which the policy is refused, Podman adds none of the image's",
}

// TestEveryFieldOfTheWantedStateIsSaidOrNoted changes each field of what is wanted, one at a time, and
// expects other units, notes or refusals.
func TestEveryFieldOfTheWantedStateIsSaidOrNoted(t *testing.T) {
	seen := map[string]bool{} // whether changing the field did anything
	for _, file := range manifests(t) {
		project := wantedFile(t, file)
		project.Credentials = append(project.Credentials, translate.Credential{Image: project.Pods[0].Apps[0].Image, Login: translate.Conceal(nil, "{}")})
		before := outcome(project)
		tries := map[string]int{}
		leaves(reflect.ValueOf(&project).Elem(), "", func(field string, v reflect.Value) {
			for _, other := range others(v) {
				if tries[field]++; seen[field] || unseen[field] != "" && tries[field] > enough {
					return
				}
				was := reflect.New(v.Type()).Elem()
				was.Set(v)
				v.Set(other)
				seen[field] = outcome(project) != before
				v.Set(was)
			}
			if _, known := seen[field]; !known {
				seen[field] = false
			}
		})
		if outcome(project) != before {
			t.Fatalf("%s: the project is not as it was", filepath.Base(file))
		}
	}
	for field, changed := range seen {
		switch reason, free := unseen[field]; {
		case !changed && !free:
			t.Errorf("%s: changing it changes neither a unit nor a note", field)
		case changed && free:
			t.Errorf("%s is seen, although %s", field, reason)
		}
	}
	for field := range unseen {
		if _, known := seen[field]; !known {
			t.Errorf("%s: there is no such field", field)
		}
	}
	for _, of := range []any{
		translate.Project{}, translate.Network{}, translate.Volume{}, translate.File{}, translate.Secret{}, translate.Pod{}, translate.Port{},
		translate.Container{}, translate.EnvVar{}, translate.Mount{}, translate.Resources{}, translate.Security{}, translate.Lifecycle{},
		translate.Names{}, translate.HostAlias{}, translate.DNS{}, translate.Namespaces{}, translate.Sysctl{}, translate.Request{}, translate.Credential{},
	} {
		for kind, i := reflect.TypeOf(of), 0; i < kind.NumField(); i++ {
			name := kind.Name() + "." + kind.Field(i).Name
			if _, known := seen[name]; kind.Field(i).IsExported() && !known && !ours(kind.Field(i).Type) {
				t.Errorf("%s: no manifest of testdata has one", name)
			}
		}
	}
}

// enough tries in one manifest of a field that is expected to change nothing.
const enough = 25

func outcome(project translate.Project) string {
	var b strings.Builder
	set, err := quadlet.Generate(project, quadlet.Options{Podman: quadlet.Newest(), Root: true})
	fmt.Fprintln(&b, err, summary(set))
	for _, unit := range set.Units {
		fmt.Fprintf(&b, "%s\n", unit.Text)
	}
	for _, secret := range set.Secrets {
		fmt.Fprintf(&b, "%s is %s\n", secret.Name, secret.Value.Reveal())
	}
	return b.String()
}

// ours says whether a type is one of translate's structs, whose fields are looked at one by one.
func ours(kind reflect.Type) bool {
	return kind.Kind() == reflect.Struct && kind.PkgPath() == reflect.TypeFor[translate.Project]().PkgPath() && kind != reflect.TypeFor[translate.Value]()
}

// leaves yields the fields below v that are values, lists and pointers, "Container.Env", and what is in lists
// and behind pointers.
func leaves(v reflect.Value, name string, yield func(field string, v reflect.Value)) {
	switch {
	case ours(v.Type()):
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				leaves(v.Field(i), v.Type().Name()+"."+field.Name, yield)
			}
		}
		return
	case v.Kind() == reflect.Slice && ours(v.Type().Elem()):
		for i := range v.Len() {
			leaves(v.Index(i), name, yield)
		}
	case v.Kind() == reflect.Pointer && ours(v.Type().Elem()) && !v.IsNil():
		leaves(v.Elem(), name, yield)
	}
	yield(name, v)
}

// others are values that differ from v.
func others(v reflect.Value) []reflect.Value {
	var all []reflect.Value
	add := func(value any) { all = append(all, reflect.ValueOf(value).Convert(v.Type())) }
	switch {
	case v.Type() == reflect.TypeFor[translate.Value]():
		add(translate.Plain("other"))
		add(translate.Conceal(nil, "other"))
	case v.Kind() == reflect.String:
		add(v.String() + "x")
		add("SIGUSR1")
		add("Never")
		add("FallbackToLogsOnError")
		add("")
	case v.CanInt():
		add(v.Int() + 1)
		add(v.Int() + 3600e9)
	case v.CanUint():
		add(v.Uint() + 1)
	case v.Kind() == reflect.Bool:
		add(!v.Bool())
	case v.Kind() == reflect.Slice:
		all = append(all, reflect.Zero(v.Type()))
		if v.Type().Elem().Kind() == reflect.String {
			add([]string{"other"})
		} else {
			all = append(all, reflect.MakeSlice(v.Type(), 1, 1))
		}
	case v.Kind() == reflect.Pointer:
		all = append(all, reflect.Zero(v.Type()), reflect.New(v.Type().Elem()))
	default:
		all = append(all, reflect.Zero(v.Type()))
	}
	return all
}
