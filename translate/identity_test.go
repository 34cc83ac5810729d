package translate_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/podup/podup/translate"
)

func full() translate.Container {
	user, group := int64(1000), int64(1001)
	return translate.Container{
		Project: "shop", Pod: "web", Name: "app", Init: true,
		Image: "docker.io/library/nginx:1.27", Pull: translate.PullAlways,
		Entrypoint: []string{"serve", "--all"}, Command: []string{"--ip=\x00status.podIP\x00"}, WorkingDir: "/srv",
		Env: []translate.EnvVar{
			{Name: "B", Value: "\x00limits.memory/1Mi\x00 $(status.podIP)"},
			{Name: "A", Secret: "podup.shop.0123456789abcdef01234567"},
		},
		Mounts: []translate.Mount{
			{Path: "/data", Volume: "web-data", ReadOnly: true, SubPath: "a/b", Propagation: "rslave"},
			{Path: "/cfg", HostPath: "/etc/app", HostPathType: "Directory"},
			{Path: "/site", Image: "quay.io/me/site:1", ImagePull: translate.PullAlways, ReadOnly: true},
		},
		Grace: 30 * time.Second, TTY: true, Stdin: true,
		Resources:     translate.Resources{CPUShares: 512, CPUQuota: 50000, CPUPeriod: 100000, MemoryLimit: 512 << 20, Class: "Burstable"},
		RestartForCPU: true, RestartForMemory: true,
		Security: translate.Security{
			RunAsUser: &user, RunAsGroup: &group, RunAsNonRoot: true, SupplementalGroups: []int64{30, 20},
			Privileged: true, ReadOnlyRoot: true, NoNewPrivileges: true, CapAdd: []string{"NET_ADMIN", "SYS_TIME"}, CapDrop: []string{"ALL"},
			StrictGroups: true, Unmasked: true, Seccomp: "unconfined", AppArmor: "local", SELinux: []string{"level:s0"},
		},
	}
}

func fullPod() translate.Pod {
	return translate.Pod{
		Project: "shop", Name: "web", UID: "u", Hostname: "front", Network: "podup.shop",
		Ports: []translate.Port{
			{HostPort: 8443, ContainerPort: 443, Protocol: "tcp"},
			{HostIP: "::1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
		},
		Grace: time.Second, Init: []translate.Container{{Name: "setup"}}, Apps: []translate.Container{full()}, Held: []string{"web-m"},
		Namespaces: translate.Namespaces{HostPID: true, HostIPC: true, OwnUsers: true, Sysctls: []translate.Sysctl{{Name: "net.core.somaxconn", Value: "1"}}},
		Names: translate.Names{
			Domain: "shop.default.svc.cluster.local", Aliases: []translate.HostAlias{{IP: "192.0.2.1", Names: []string{"db"}}},
			DNS: &translate.DNS{Only: true, Servers: []string{"192.0.2.2"}, Searches: []string{"example.com"}, Options: []string{"ndots:2"}},
		},
		Resources: translate.Resources{CPUShares: 2, CPUQuota: 1, CPUPeriod: 3, MemoryLimit: 4, Class: "Guaranteed"},
	}
}

// The hashes are labels of objects in engines. If this test fails, the next up of every user
// replaces all their containers: that wants a new hashFormat and a word in the change log.
func TestHashesStayAsTheyAre(t *testing.T) {
	if got, want := full().Hash(), "15c0363583d1757f"; got != want {
		t.Errorf("container hash %s, want %s", got, want)
	}
	if got, want := fullPod().Hash(), "204e140dd88176bb"; got != want {
		t.Errorf("pod hash %s, want %s", got, want)
	}
	if got, want := (translate.Container{Image: "docker.io/library/nginx:latest"}).Hash(), "bfdc007c1548b924"; got != want {
		t.Errorf("small container hash %s, want %s", got, want)
	}
}

func TestIdentityReads(t *testing.T) {
	want := []translate.Field{
		{"image", "nginx:1.27"},
		{"kind", "init container"},
		{"command", `["serve","--all"]`},
		{"args", `["--ip=$(status.podIP)"]`},
		{"workingDir", "/srv"},
		{"env A", "(secret 0123456789abcdef01234567)"},
		{"env B", "$(limits.memory/1Mi) $$(status.podIP)"},
		{"mount /cfg", "host path /etc/app"},
		{"mount /data", "volume web-data, sub-path a/b, read-only, rslave"},
		{"mount /site", "image quay.io/me/site:1, read-only"},
		{"stdin", "true"},
		{"tty", "true"},
		{"cpu shares", "512"},
		{"cpu limit", "50000 of 100000 µs"},
		{"memory limit", "512Mi"},
		{"quality of service", "Burstable"},
		{"runAsUser", "1000"},
		{"runAsGroup", "1001"},
		{"supplementalGroups", "20, 30"},
		{"runAsNonRoot", "true"},
		{"supplementalGroupsPolicy Strict", "true"},
		{"privileged", "true"},
		{"readOnlyRootFilesystem", "true"},
		{"no new privileges", "true"},
		{"procMount Unmasked", "true"},
		{"seccompProfile", "unconfined"},
		{"appArmorProfile", "local"},
		{"seLinuxOptions", "level:s0"},
		{"capabilities added", "NET_ADMIN, SYS_TIME"},
		{"capabilities dropped", "ALL"},
	}
	if got := full().Identity(); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	wantPod := []translate.Field{
		{"hostname", "front"},
		{"network", "podup.shop"},
		{"hostPID", "true"},
		{"hostIPC", "true"},
		{"user namespace of its own", "true"},
		{"sysctl net.core.somaxconn", "1"},
		{"domain", "shop.default.svc.cluster.local"},
		{"host alias 1", "192.0.2.1 db"},
		{"dnsPolicy", "None"},
		{"dns servers", "192.0.2.2"},
		{"dns searches", "example.com"},
		{"dns options", "ndots:2"},
		{"cpu shares", "2"},
		{"cpu limit", "1 of 3 µs"},
		{"memory limit", "4"},
		{"quality of service", "Guaranteed"},
		{"port [::1]:8080/tcp", "container port 80"},
		{"port 8443/tcp", "container port 443"},
	}
	if got := fullPod().Identity(); !slices.Equal(got, wantPod) {
		t.Errorf("got\n%q\nwant\n%q", got, wantPod)
	}
}

// What is no part of an identity, by type and field. Everything else must change the hash.
var unfixed = map[string]string{
	"Container.Project":       "it is in the label beside the hash",
	"Container.Pod":           "it is in the name",
	"Container.Name":          "it is in the name",
	"Container.Order":         "it is for showing only",
	"Container.Pull":          "it is about the next creation",
	"Container.Lifecycle":     "a supervisor does it, not Podman",
	"Container.Grace":         "each stop says its own",
	"Mount.HostPathType":      "it is checked when the container is made",
	"Container.Ephemeral":     "no plan makes one",
	"Container.Target":        "no plan makes one",
	"Container.HostPID":       "the pod's identity has it",
	"Mount.Group":             "the container's supplemental groups have it",
	"Mount.OnMismatch":        "it is looked at when the container is made",
	"Resources.MemoryRequest": "it is weighed when the container is made",
	"Mount.ImagePull":         "it is about the next creation",
	"Pod.Project":             "it is in the label beside the hash",
	"Pod.Name":                "it is in the name",
	"Pod.UID":                 "it follows from project and name",
	"Pod.Grace":               "each stop says its own",
	"Pod.Init":                "containers have their own hashes",
	"Pod.Apps":                "containers have their own hashes",
	"Pod.Held":                "the holder is no part of the infra container",
	"Pod.Restart":             "a supervisor does it, not Podman",
	"Pod.Deadline":            "a supervisor keeps it",
	"Pod.Request":             "it is weighed before the pod is made",
	"Pod.Object":              "it is for showing only",
}

func TestEveryFieldIsPartOfTheIdentityOrNamedAsNot(t *testing.T) {
	seen := map[string]bool{}
	container, pod := full(), fullPod()
	pod.Aliases = []string{"db"}
	checkFields(t, reflect.ValueOf(&container).Elem(), func() (string, []translate.Field) { return container.Hash(), container.Identity() }, seen)
	checkFields(t, reflect.ValueOf(&pod).Elem(), func() (string, []translate.Field) { return pod.Hash(), pod.Identity() }, seen)
	for name := range unfixed {
		if !seen[name] {
			t.Errorf("there is no field %s", name)
		}
	}
}

// checkFields changes one field after another, takes the change back and goes down into structs.
func checkFields(t *testing.T, v reflect.Value, identity func() (string, []translate.Field), seen map[string]bool) {
	for i := range v.NumField() {
		field := v.Field(i)
		if !v.Type().Field(i).IsExported() {
			continue // unresolved is the hash itself, see TestResolveKeepsTheHash
		}
		name := v.Type().Name() + "." + v.Type().Field(i).Name
		seen[name] = true
		_, free := unfixed[name]
		switch {
		case !free && field.Kind() == reflect.Struct:
			checkFields(t, field, identity, seen)
			continue
		case !free && field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			checkFields(t, field.Index(0), identity, seen)
		}
		hash, fields := identity()
		saved := reflect.ValueOf(field.Interface())
		change(field)
		changed, now := identity()
		field.Set(saved)
		if free == (hash != changed) {
			t.Errorf("%s: the hash changes: %t", name, hash != changed)
		}
		if free == !slices.Equal(fields, now) {
			t.Errorf("%s: the fields change: %t", name, !slices.Equal(fields, now))
		}
		if differences := translate.Differences(fields, now); free == (len(differences) > 0) {
			t.Errorf("%s: the differences are %q", name, differences)
		}
	}
}

func change(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "0")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint64, reflect.Uint16:
		v.SetUint(v.Uint() + 1)
	default: // slices and pointers
		v.SetZero()
	}
}

// A name has many forms, and a line for each would hide what changed.
func TestTheNamesOfServicesAreToldOnceEach(t *testing.T) {
	forms := func(name string) []string {
		return []string{name, name + ".default", name + ".default.svc", name + ".default.svc.cluster.local"}
	}
	named := func(names ...string) translate.Pod {
		pod := fullPod()
		for _, name := range names {
			pod.Aliases = append(pod.Aliases, forms(name)...)
		}
		slices.Sort(pod.Aliases)
		return pod
	}
	for _, c := range []struct {
		name     string
		old, new translate.Pod
		want     []string
	}{
		{"a Service selects the pod", fullPod(), named("db"), []string{"service name db: added (db.default.svc.cluster.local)"}},
		{"one more, with a name before it", named("db"), named("db", "db-0", "all"), []string{"service name all: added (all.default.svc.cluster.local)", "service name db-0: added (db-0.default.svc.cluster.local)"}},
		{"a name of the pod's own goes", named("db", "zero.db"), named("db"), []string{"service name zero.db: removed"}},
		{"none is left", named("db"), fullPod(), []string{"service name db: removed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.old.Hash() == c.new.Hash() {
				t.Error("the hash is the same")
			}
			if got := translate.Differences(c.old.Identity(), c.new.Identity()); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSizesChangeInPlaceUnlessTheResizePolicySaysOtherwise(t *testing.T) {
	sized := func(r translate.Resources) translate.Container {
		c := full()
		c.Resources, c.RestartForCPU, c.RestartForMemory = r, false, false
		return c
	}
	was := translate.Resources{CPUShares: 512, CPUQuota: 50000, CPUPeriod: 100000, MemoryLimit: 512 << 20, Class: "Burstable"}
	for _, test := range []struct {
		name     string
		old, new translate.Container
		inPlace  []string
		anew     bool
	}{
		{"another amount of everything", sized(was), sized(translate.Resources{CPUShares: 102, CPUQuota: 20000, CPUPeriod: 100000, MemoryLimit: 1 << 30, Class: "Burstable"}),
			[]string{"cpu shares: 512 → 102", "cpu limit: 50000 of 100000 µs → 20000 of 100000 µs", "memory limit: 512Mi → 1Gi"}, false},
		{"no limits any more", sized(was), sized(translate.Resources{CPUShares: 512, Class: "Burstable"}),
			[]string{"cpu limit: removed", "memory limit: removed"}, false},
		{"another class", sized(was), sized(translate.Resources{CPUShares: 512, CPUQuota: 50000, CPUPeriod: 100000, MemoryLimit: 512 << 20, Class: "Guaranteed"}), nil, true},
		{"no shares any more", sized(was), sized(translate.Resources{CPUQuota: 50000, CPUPeriod: 100000, MemoryLimit: 512 << 20, Class: "Burstable"}),
			[]string{"cpu shares: removed"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := translate.Differences(test.old.Sizes(), test.new.Sizes()); !slices.Equal(got, test.inPlace) {
				t.Errorf("in place %q, want %q", got, test.inPlace)
			}
			if anew := test.old.Hash() != test.new.Hash(); anew != test.anew {
				t.Errorf("anew: %t", anew)
			}
			for _, policy := range []struct{ cpu, memory bool }{{true, false}, {false, true}} {
				old, changed := test.old, test.new
				old.RestartForCPU, old.RestartForMemory = policy.cpu, policy.memory
				changed.RestartForCPU, changed.RestartForMemory = policy.cpu, policy.memory
				differs := policy.cpu && (old.Resources.CPUShares != changed.Resources.CPUShares || old.Resources.CPUQuota != changed.Resources.CPUQuota) ||
					policy.memory && old.Resources.MemoryLimit != changed.Resources.MemoryLimit
				if differs && old.Hash() == changed.Hash() {
					t.Errorf("with a restart for %+v the hash stays", policy)
				}
				for _, line := range translate.Differences(old.Sizes(), changed.Sizes()) {
					if policy.cpu == (line[:3] == "cpu") {
						t.Errorf("with a restart for %+v it changes in place: %s", policy, line)
					}
				}
			}
		})
	}
}

func TestIdentityDoesNotFollowOrder(t *testing.T) {
	a, b := full(), full()
	slices.Reverse(b.Env)
	slices.Reverse(b.Mounts)
	slices.Reverse(b.Security.SupplementalGroups)
	if a.Hash() != b.Hash() {
		t.Error("the order of variables, mounts or groups is part of the hash")
	}
	p, q := fullPod(), fullPod()
	slices.Reverse(q.Ports)
	if p.Hash() != q.Hash() {
		t.Error("the order of ports is part of the hash")
	}
}

func TestHashTellsApartWhatReadsAlike(t *testing.T) {
	env := func(e translate.EnvVar) translate.Container { return translate.Container{Env: []translate.EnvVar{e}} }
	for name, c := range map[string][2]translate.Container{
		"a token and text that looks like one": {
			env(translate.EnvVar{Name: "A", Value: "\x00status.podIP\x00"}), env(translate.EnvVar{Name: "A", Value: "$(status.podIP)"})},
		"a secret and text that looks like one": {
			env(translate.EnvVar{Name: "A", Secret: "podup.shop.ab"}), env(translate.EnvVar{Name: "A", Value: "(secret ab)"})},
		"two arguments and one with a comma": {
			{Command: []string{"a", "b"}}, {Command: []string{`a","b`}}},
		"a sub-path with a comma and a flag": {
			{Mounts: []translate.Mount{{Path: "/a", Volume: "v", SubPath: "x, read-only"}}},
			{Mounts: []translate.Mount{{Path: "/a", Volume: "v", SubPath: "x", ReadOnly: true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c[0].Hash() == c[1].Hash() {
				t.Error("one hash")
			}
		})
	}
}

func TestLabels(t *testing.T) {
	app := full()
	app.Init = false
	for name, c := range map[string]struct{ got, want map[string]string }{
		"a pod": {fullPod().Labels(), map[string]string{
			"io.podup.project": "shop", "io.podup.pod": "web", "io.podup.role": "pod", "io.podup.hash": fullPod().Hash(),
			"io.podup.names": `{"Domain":"shop.default.svc.cluster.local","Aliases":[{"IP":"192.0.2.1","Names":["db"]}],"DNS":{"Only":true,"Servers":["192.0.2.2"],"Searches":["example.com"],"Options":["ndots:2"]}}`}},
		"its holder": {fullPod().HolderLabels(), map[string]string{
			"io.podup.project": "shop", "io.podup.unit": "", "io.podup.pod": "web", "io.podup.role": "holder"}},
		"an init container": {full().Labels(), map[string]string{
			"io.podup.project": "shop", "io.podup.unit": "", "io.podup.pod": "web", "io.podup.container": "app", "io.podup.role": "init", "io.podup.order": "0", "io.podup.hash": full().Hash()}},
		"an app container": {app.Labels(), map[string]string{
			"io.podup.project": "shop", "io.podup.unit": "", "io.podup.pod": "web", "io.podup.container": "app", "io.podup.role": "app", "io.podup.order": "0", "io.podup.hash": app.Hash()}},
		"a volume of a pod": {translate.Volume{Project: "shop", Pod: "web", Kind: translate.Memory}.Labels(), map[string]string{
			"io.podup.project": "shop", "io.podup.pod": "web", "io.podup.role": "volume", "io.podup.kind": "memory"}},
		"a claim": {translate.Volume{Project: "shop", Kind: translate.Claim}.Labels(), map[string]string{
			"io.podup.project": "shop", "io.podup.role": "claim", "io.podup.kind": "claim"}},
		"a secret":    {translate.Secret{Project: "shop"}.Labels(), map[string]string{"io.podup.project": "shop"}},
		"a network":   {translate.Network{Project: "shop"}.Labels(), map[string]string{"io.podup.project": "shop"}},
		"the release": {translate.ReleaseLabels("shop"), map[string]string{"io.podup.project": "shop", "io.podup.role": "release"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !reflect.DeepEqual(c.got, c.want) {
				t.Errorf("got %v, want %v", c.got, c.want)
			}
		})
	}
}
