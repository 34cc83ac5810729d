package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

var update = flag.Bool("update", false, "write the golden files")

// diffCases change one thing, or a few that belong together, of a project that stands as wanted.
func diffCases() map[string]func(*situation) {
	created := func(e *plan.ContainerState) { e.Status, e.StartedAt = plan.Created, time.Time{} }
	old := func(e *plan.ContainerState) { e.Hash = "0123456789abcdef" }
	memory := func(s *situation) {
		s.want.web().volumes = append(s.want.web().volumes, volume{name: "shm", kind: translate.Memory, size: 64 << 20})
		s.want.side().mounts = []string{"shm"}
		s.actual = standing(s.want)
	}
	two := func(s *situation) {
		s.want.second()
		s.actual = standing(s.want)
	}
	return map[string]func(*situation){
		"nothing to do where everything stands": func(*situation) {},

		// From nothing.
		"the first up makes everything": func(s *situation) { s.actual = plan.Actual{Images: s.actual.Images} },
		"the first up of two pods makes their network": func(s *situation) {
			s.want.second()
			s.actual = plan.Actual{}
		},
		"a container that names the pod's address is made when the infra container runs": func(s *situation) {
			s.want.app().podIP = true
			s.actual = plan.Actual{Images: s.actual.Images}
		},
		"a volume in memory is held before anything starts": func(s *situation) {
			s.want.web().volumes[0].kind = translate.Memory
			s.actual = plan.Actual{Images: s.actual.Images}
		},
		"a secret comes before its container": func(s *situation) {
			s.want.side().secret = "hush"
			s.actual = plan.Actual{Images: s.actual.Images}
		},
		"a pod removed by hand is made and finds its volumes": func(s *situation) { delete(s.actual.Pods, "web") },
		"a pod removed by hand gets new volumes where they are to be renewed": func(s *situation) {
			delete(s.actual.Pods, "web")
			s.opts.RenewVolumes = true
		},
		"a holder without its pod is cleared away": func(s *situation) {
			s.actual.Pods["web"] = plan.PodState{Name: "web", Containers: map[string]plan.ContainerState{
				"web.hold": {Name: "web.hold", Pod: "web", Role: translate.RoleHolder, Status: plan.Created},
			}}
		},

		// Names.
		"a pod of somebody else's is in the way": func(s *situation) {
			s.actual = plan.Actual{Images: s.actual.Images, Taken: map[string]string{"pod/web": "not made by podup"}}
		},
		"names held by others are told all at once": func(s *situation) {
			s.actual = plan.Actual{Images: s.actual.Images, Taken: map[string]string{
				"volume/data": "not made by podup", "container/web-app": "project other", "container/web-infra": "not made by podup",
			}}
		},
		"a name held by others is no matter where nothing is made under it": func(s *situation) {
			s.actual.Taken["pod/web"] = "not made by podup"
		},
		"the name a replacement needs for a moment is in the way": func(s *situation) {
			s.want.app().env["LOG"] = "b"
			s.actual.Taken["container/web-app.new"] = "not made by podup"
		},
		"a claim is never made a volume of a pod": func(s *situation) {
			s.actual.Volumes["web-cache"] = plan.VolumeState{Name: "web-cache", Role: translate.RoleClaim, Kind: translate.Claim}
		},
		"a container's name held by another pod of the project is in the way": func(s *situation) {
			two(s)
			s.want.web().apps = append(s.want.web().apps, &container{name: "new", image: "localhost/side:dev"})
			s.copyAs("db-pg", "web-new", func(*plan.ContainerState) {})
			s.gone("db-pg")
		},

		// Images.
		"an image that is missing is pulled for a container that is made": func(s *situation) {
			s.want.app().image = "docker.io/library/nginx:1.27"
		},
		"an image that is missing is no matter to a container that stays": func(s *situation) { clear(s.actual.Images) },
		"an image that is missing and may not be pulled": func(s *situation) {
			s.want.app().image, s.want.app().pull = "localhost/app:1", translate.PullNever
		},
		"an image is always asked for": func(s *situation) { s.want.app().pull = translate.PullAlways },
		"an image that was asked for a moment ago is not asked for again": func(s *situation) {
			s.want.app().pull = translate.PullAlways
			s.actual.Pulled = map[string]bool{s.want.app().image: true}
		},
		"a tag that has moved replaces its container": func(s *situation) {
			s.actual.Images[s.want.side().image] = "sha256:2222222222222222"
		},
		"a tag that has moved replaces its container under policy Never too": func(s *situation) {
			s.want.side().pull = translate.PullNever
			s.actual.Images[s.want.side().image] = "sha256:2222222222222222"
		},
		"image IDs are the same with and without their algorithm": func(s *situation) {
			s.actual.Images[s.want.side().image] = strings.TrimPrefix(imageID(s.want.side().image), "sha256:")
		},
		"an image volume is pulled as well": func(s *situation) { s.want.side().mounts = []string{"image:quay.io/org/files:1"} },

		// A container.
		"a changed image replaces one container": func(s *situation) {
			s.want.app().image = "docker.io/library/nginx:1.27"
			s.actual.Images[s.want.app().image] = "x"
		},
		"each field that differs is a reason": func(s *situation) {
			s.want.app().image = "docker.io/library/nginx:1.27"
			s.actual.Images[s.want.app().image] = "x"
			s.want.app().env = map[string]string{"MORE": "c"}
			s.want.app().mounts = s.want.app().mounts[:2]
		},
		"a changed definition that no release knows": func(s *situation) {
			s.want.app().env["LOG"] = "b"
			s.forget()
			s.want.web().volumes[1].files = nil
		},
		"a hash nobody knows": func(s *situation) { s.set("web-app", old) },
		"an older release explains it": func(s *situation) {
			s.want.app().env["LOG"] = "b"
			s.actual.Applied = []translate.Project{s.want.translated(), s.actual.Applied[0]}
		},
		"a stopped container is replaced without a stop": func(s *situation) {
			s.want.side().env = map[string]string{"A": "b"}
			s.exit("web-side", 0)
		},
		"a changed secret replaces the container and goes last": func(s *situation) {
			s.want.side().secret = "old"
			s.actual = standing(s.want)
			s.want.side().secret = "new"
		},
		"every container is replaced on demand": func(s *situation) { s.opts.Recreate = true },
		"the pod is replaced on demand with its volumes": func(s *situation) {
			s.opts.Recreate, s.opts.RenewVolumes = true, true
		},
		"a new container joins a running pod": func(s *situation) {
			s.want.web().apps = append(s.want.web().apps, &container{name: "log", image: "localhost/side:dev"})
		},
		"a container no longer wanted is removed":               func(s *situation) { s.want.web().apps = s.want.web().apps[:1] },
		"a container with a new name waits for the old to stop": func(s *situation) { s.want.side().name = "helper" },
		"a grace period is no reason, and holds for the next stop": func(s *situation) {
			s.want.side().grace = 5 * time.Second
			s.want.side().env = map[string]string{"A": "b"}
		},
		"a changed restart policy is told to the supervisor": func(s *situation) { s.want.side().restart = corev1.RestartPolicyOnFailure },
		"a supervision that nobody knows is not told of": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyOnFailure
			s.forget()
			s.want.web().volumes = s.want.web().volumes[:1]
			s.want.app().mounts = []string{"cache", "data"}
			s.set("web-app", func(e *plan.ContainerState) { e.Hash = s.want.translated().Pods[0].Apps[0].Hash() })
			delete(s.actual.Volumes, "web-conf")
		},
		"a supervision an interrupted run may not have told of is told": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyOnFailure
			s.attempt()
		},
		"a changed probe is told beside what else changes": func(s *situation) {
			s.want.app().period = 10
			s.actual = standing(s.want)
			s.want.app().period = 5
			s.want.side().env = map[string]string{"A": "b"}
		},
		"a changed probe of a container that is replaced goes with it": func(s *situation) {
			s.want.app().period = 5
			s.want.app().env["LOG"] = "b"
		},

		// Sidecars.
		"a pod with a sidecar is led in order": func(s *situation) {
			s.sidecar()
			s.actual = plan.Actual{Project: "shop", Images: s.actual.Images}
		},
		"a sidecar that ended is started": func(s *situation) {
			s.sidecar()
			s.actual = standing(s.want)
			s.set("web-proxy", func(e *plan.ContainerState) { e.Status = plan.Exited })
		},
		"a sidecar that changed is replaced like an app container": func(s *situation) {
			s.sidecar()
			s.actual = standing(s.want)
			s.want.web().init[1].env = map[string]string{"A": "b"}
		},
		"a new sidecar starts before the app container that changes with it": func(s *situation) {
			s.actual = standing(s.want)
			s.sidecar()
			s.want.app().env["LOG"] = "b"
		},
		"a sidecar runs on while a changed init container runs": func(s *situation) {
			s.sidecar()
			s.actual = standing(s.want)
			s.want.web().init[0].env = map[string]string{"A": "b"}
		},
		"after a reboot a sidecar starts in its turn": func(s *situation) {
			s.sidecar()
			s.actual = standing(s.want)
			s.reboot()
		},
		"a finished pod's sidecar is left ended": func(s *situation) {
			s.sidecar()
			s.want.side().restart, s.want.app().restart = corev1.RestartPolicyNever, corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.exit("web-side", 0)
			s.exit("web-app", 1)
			s.set("web-proxy", func(e *plan.ContainerState) { e.Status = plan.Exited })
		},

		// What must run.
		"a container killed by hand is started":     func(s *situation) { s.exit("web-app", 137) },
		"a container removed by hand is made again": func(s *situation) { s.gone("web-app") },
		"a container that never started is started": func(s *situation) { s.set("web-app", created) },
		"a container whose process is gone is started": func(s *situation) {
			s.set("web-app", func(e *plan.ContainerState) { e.Status = plan.Lost })
		},
		"under restart policy Never an ended container is left": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.exit("web-side", 3)
		},
		"under restart policy OnFailure a success is left": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyOnFailure
			s.actual = standing(s.want)
			s.exit("web-side", 0)
		},
		"under restart policy OnFailure a failure is started": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyOnFailure
			s.actual = standing(s.want)
			s.exit("web-side", 3)
		},
		"a paused container is left paused": func(s *situation) {
			s.set("web-app", func(e *plan.ContainerState) { e.Status = plan.Paused })
		},
		"a container from before the infra container's last start is started over": func(s *situation) {
			s.pod("web", func(p *plan.PodState) { p.Infra.StartedAt = at(150) })
			s.set("web-side", func(e *plan.ContainerState) { e.StartedAt = at(149) })
		},
		"after a reboot the pod starts anew": func(s *situation) { s.reboot() },
		"after a reboot a finished container is not started again": func(s *situation) {
			s.want.side().restart = corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.exit("web-side", 0)
			s.reboot()
		},
		"after a reboot a pod that has finished is left": func(s *situation) {
			s.want.side().restart, s.want.app().restart = corev1.RestartPolicyNever, corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.exit("web-side", 0)
			s.exit("web-app", 1)
			s.reboot()
		},
		"a container that ended as its pod was stopped is started again": func(s *situation) {
			s.want.side().restart, s.want.app().restart = corev1.RestartPolicyNever, corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.exit("web-side", 0)
			s.exit("web-app", 0)
			s.set("web-side", func(e *plan.ContainerState) { e.ExitedAt = at(250) })
			s.set("web-app", func(e *plan.ContainerState) { e.ExitedAt = at(900) })
			s.pod("web", func(p *plan.PodState) { p.Infra.Status, p.Infra.ExitedAt = plan.Exited, at(901) })
		},
		"under a dead infra container what runs is stopped first": func(s *situation) {
			s.pod("web", func(p *plan.PodState) { p.Infra.Status = plan.Exited })
		},
		"under a dead infra container a container that names the pod's address waits for a new one": func(s *situation) {
			s.want.app().podIP = true
			s.pod("web", func(p *plan.PodState) { p.Infra.Status = plan.Exited })
		},

		// Init containers.
		"a changed init container runs, and those after it, while the apps are stopped": func(s *situation) {
			s.want.web().init = append(s.want.web().init, &container{name: "migrate", image: "localhost/side:dev"})
			s.actual = standing(s.want)
			s.want.web().init[0].image = "docker.io/library/busybox:2"
			s.actual.Images["docker.io/library/busybox:2"] = "x"
		},
		"a crashed app that starts behind a changed init container goes back with it": func(s *situation) {
			s.want.web().init[0].image = "docker.io/library/busybox:2"
			s.actual.Images["docker.io/library/busybox:2"] = "x"
			s.exit("web-app", 1)
		},
		"a new init container runs": func(s *situation) {
			s.want.web().init = append(s.want.web().init, &container{name: "migrate", image: "localhost/side:dev"})
		},
		"an init container no longer wanted is removed and nothing runs": func(s *situation) { s.want.web().init = nil },
		"a pruned init container is not missed while the pod runs":       func(s *situation) { s.gone("web-setup") },
		"a pruned init container runs before a start when nothing else runs": func(s *situation) {
			s.gone("web-setup")
			s.exit("web-app", 1)
			s.exit("web-side", 1)
		},
		"a failed init container runs again when nothing else runs": func(s *situation) {
			s.exit("web-setup", 1)
			s.set("web-app", created)
			s.set("web-side", created)
		},
		"a failed init container is left while the pod runs": func(s *situation) { s.exit("web-setup", 1) },
		"an init container that still runs is waited for": func(s *situation) {
			s.set("web-setup", func(e *plan.ContainerState) { e.Status = plan.Running })
			s.set("web-app", created)
			s.set("web-side", created)
		},
		"an init container that never ran runs, whatever the apps do": func(s *situation) { s.set("web-setup", created) },
		"a crashed app does not run the init containers again":        func(s *situation) { s.exit("web-app", 1) },

		// Pods.
		"a changed port replaces the pod": func(s *situation) { s.want.web().ports = []uint16{8081} },
		"a replaced pod keeps its emptyDirs and loses what is not wanted": func(s *situation) {
			s.want.web().ports = nil
			s.want.web().volumes = s.want.web().volumes[:1]
			s.want.app().mounts = []string{"cache"}
		},
		"a replaced pod with volumes renewed": func(s *situation) {
			s.want.web().ports = nil
			s.opts.RenewVolumes = true
		},
		"a replaced pod of which no release knows": func(s *situation) {
			s.want.web().hostname = "other"
			s.forget()
		},
		"a replaced pod that had ended is not brought back": func(s *situation) {
			s.want.web().hostname = "other"
			s.reboot()
		},
		"pods that exchange a port go back together": func(s *situation) {
			s.want.second().ports = []uint16{5432}
			s.actual = standing(s.want)
			s.want.pods[0].ports, s.want.pods[1].ports = []uint16{5432}, []uint16{8080}
		},
		"a second pod moves the first to a network": func(s *situation) {
			s.want.second()
			s.actual.Images["docker.io/library/postgres:17"] = "x"
		},
		"a second pod moves the first to a network whatever else is known": func(s *situation) {
			s.want.second()
			s.actual.Images["docker.io/library/postgres:17"] = "x"
			s.forget()
		},
		"a pod that becomes the only one stays on the network": func(s *situation) {
			two(s)
			s.want.pods = s.want.pods[:1]
			s.opts.Prune = true
		},
		"an only pod goes to the network when a Service selects it": func(s *situation) {
			s.want.bridge = true
			s.want.web().aliases = []string{"shop", "shop.default", "shop.default.svc", "shop.default.svc.cluster.local"}
		},
		"an only pod leaves the network with its Service": func(s *situation) {
			s.want.bridge = true
			s.want.web().aliases = []string{"shop", "shop.default", "shop.default.svc", "shop.default.svc.cluster.local"}
			s.actual = standing(s.want)
			s.actual.Applied = []translate.Project{s.want.translated()}
			s.want.bridge, s.want.web().aliases = false, nil
		},
		"an only pod that stayed on the network has nothing to do": func(s *situation) {
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.bridge = false
		},
		"an only pod leaves the network when it is replaced": func(s *situation) {
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.bridge = false
			s.want.web().ports = []uint16{9090}
		},
		"an only pod that stayed on the network goes back to it": func(s *situation) {
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.bridge = false
			s.actual.Applied = []translate.Project{s.want.translated()}
			s.want.web().hostname = "other"
		},
		"an only pod whose network is gone moves to the engine's default": func(s *situation) {
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.bridge = false
			s.actual.Networks = nil
		},
		"a pod that comes beside one that stayed on the network leaves that one alone": func(s *situation) {
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.bridge = false
			s.actual.Applied = []translate.Project{s.want.translated()}
			s.want.second()
			s.actual.Images["docker.io/library/postgres:17"] = "x"
		},
		"an orphan is told of and kept, with its network": func(s *situation) {
			two(s)
			s.want.pods = s.want.pods[:1]
		},
		"an orphan is pruned with its volumes": func(s *situation) {
			s.want.second().volumes = []volume{{name: "tmp", kind: translate.EmptyDir}}
			s.want.bridge = true
			s.actual = standing(s.want)
			s.want.pods = s.want.pods[:1]
			s.opts.Prune = true
		},
		"volumes left of an orphan are pruned": func(s *situation) {
			s.actual.Volumes["db-tmp"] = plan.VolumeState{Name: "db-tmp", Pod: "db", Role: translate.RoleVolume, Kind: translate.EmptyDir}
			s.opts.Prune = true
		},
		"a renamed pod takes the port of the one that is pruned": func(s *situation) {
			s.want.web().name = "www"
			s.opts.Prune = true
		},
		"only some pods": func(s *situation) {
			two(s)
			s.want.app().env["LOG"] = "b"
			s.want.pods[1].apps[0].env = map[string]string{"A": "b"}
			s.opts.Pods = []string{"db"}
		},
		"secrets of pods that were not selected stay": func(s *situation) {
			s.want.second()
			s.want.app().secret = "old"
			s.actual = standing(s.want)
			s.want.app().secret = "new"
			s.opts.Pods = []string{"db"}
		},
		"secrets stay where a pod that stays is not known": func(s *situation) {
			s.want.second()
			s.want.pods[1].apps[0].secret = "old"
			s.actual = standing(s.want)
			s.forget()
			s.want.pods = s.want.pods[:1]
			s.want.bridge = true
			s.want.web().volumes[1].files = nil
		},

		// Cgroup values.
		"another limit is given to the container that runs": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.want.app().memory, s.want.side().memory = 128<<20, 32<<20
		},
		"a limit that is gone is taken back": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.want.app().memory = 0
		},
		"another limit is a new container where the policy says so": func(s *situation) {
			s.want.app().memory, s.want.app().restarts = 64<<20, true
			s.actual = standing(s.want)
			s.want.app().memory = 128 << 20
		},
		"shares that are gone are a new container": func(s *situation) {
			s.want.app().shares = 512
			s.actual = standing(s.want)
			s.want.app().shares = 0
		},
		"a container that is started has its limits before": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.want.app().memory = 128 << 20
			s.exit("web-app", 1)
		},
		"limits come with a new container and not by themselves": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.want.app().memory = 128 << 20
			s.want.app().env["LOG"] = "b"
		},
		"limits nobody knows are given again": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.forget()
		},
		"limits of an interrupted run are given again": func(s *situation) {
			s.want.app().memory = 64 << 20
			s.actual = standing(s.want)
			s.want.app().memory = 128 << 20
			s.attempt()
		},

		// Volumes.
		"a changed file is written in place": func(s *situation) { s.want.web().volumes[1].files["nginx.conf"] = "new" },
		"files come and go": func(s *situation) {
			s.want.web().volumes[1].files = map[string]string{"nginx.conf": "a", "site.conf": "c"}
		},
		"files nobody knows are written": func(s *situation) { s.forget() },
		"files of an interrupted run are written": func(s *situation) {
			s.want.web().volumes[1].files["nginx.conf"] = "new"
			s.attempt()
		},
		"files an interrupted run may have changed are written back": func(s *situation) {
			stands := s.want
			s.want = base()
			s.want.web().volumes[1].files["nginx.conf"] = "new"
			s.attempt()
			s.want = stands
		},
		"a changed file is written before its container is replaced": func(s *situation) {
			s.want.web().volumes[1].files["nginx.conf"] = "new"
			s.want.app().env["LOG"] = "b"
		},
		"a changed file that is mounted by subPath is seen after a restart": func(s *situation) {
			s.want.side().mounts = append(s.want.side().mounts, "conf")
			s.want.side().subPaths = map[string]string{"conf": "nginx.conf"}
			s.actual = standing(s.want)
			s.want.web().volumes[1].files["nginx.conf"] = "new"
		},
		"a changed file below a directory that is mounted by subPath is seen after a restart": func(s *situation) {
			s.want.web().volumes[1].files["conf.d/site"] = "old"
			s.want.side().mounts = append(s.want.side().mounts, "conf")
			s.want.side().subPaths = map[string]string{"conf": "conf.d"}
			s.actual = standing(s.want)
			delete(s.want.web().volumes[1].files, "conf.d/site")
		},
		"a changed file beside the one that is mounted by subPath is nobody's business": func(s *situation) {
			s.want.web().volumes[1].files["site.conf"] = "old"
			s.want.side().mounts = append(s.want.side().mounts, "conf")
			s.want.side().subPaths = map[string]string{"conf": "nginx.conf"}
			s.actual = standing(s.want)
			s.want.web().volumes[1].files["site.conf"] = "new"
		},
		"a container that is replaced sees the changed file that it mounts by subPath": func(s *situation) {
			s.want.side().mounts = append(s.want.side().mounts, "conf")
			s.want.side().subPaths = map[string]string{"conf": "nginx.conf"}
			s.actual = standing(s.want)
			s.want.web().volumes[1].files["nginx.conf"] = "new"
			s.want.side().env = map[string]string{"LOG": "b"}
		},
		"a volume removed by hand is made again": func(s *situation) { delete(s.actual.Volumes, "web-conf") },
		"a claim removed by hand is made again":  func(s *situation) { delete(s.actual.Volumes, "data") },
		"a claim no longer wanted is kept": func(s *situation) {
			s.want.claims = append(s.want.claims, "more")
			s.actual = standing(s.want)
			s.want.claims = s.want.claims[:1]
		},
		"a volume no longer wanted goes after its container": func(s *situation) {
			s.want.web().volumes = s.want.web().volumes[:1]
			s.want.app().mounts = []string{"cache", "data"}
		},
		"a volume of another kind is made anew with the containers that mount it": func(s *situation) {
			s.want.web().volumes[0] = volume{name: "cache", kind: translate.Files, files: map[string]string{"a": "b"}}
		},
		"under a dead infra container a volume of another kind replaces the pod": func(s *situation) {
			s.want.web().volumes[1] = volume{name: "conf", kind: translate.EmptyDir}
			s.reboot()
		},
		"a volume of a pod becomes a claim of the same name": func(s *situation) {
			s.want.web().init = nil
			s.actual = standing(s.want)
			s.want.web().volumes = s.want.web().volumes[1:]
			s.want.claims = append(s.want.claims, "web-cache")
			s.want.app().mounts = []string{"web-cache", "conf", "data"}
		},
		"a volume of a pod that another pod is to mount as a claim is in the way": func(s *situation) {
			two(s)
			s.want.web().volumes = s.want.web().volumes[1:]
			s.want.web().init = nil
			s.want.claims = append(s.want.claims, "web-cache")
			s.want.app().mounts = []string{"web-cache", "conf", "data"}
			s.want.pods[1].apps[0].mounts = []string{"web-cache"}
		},
		"a volume in memory of another size is made anew": func(s *situation) {
			memory(s)
			s.want.web().volumes[2].size = 128 << 20
		},
		"a new volume in memory is held with the others": func(s *situation) {
			memory(s)
			s.want.web().volumes = append(s.want.web().volumes, volume{name: "fast", kind: translate.Memory})
			s.want.side().mounts = []string{"shm", "fast"}
		},
		"the last volume in memory goes with its holder": func(s *situation) {
			memory(s)
			s.want.web().volumes = s.want.web().volumes[:2]
			s.want.side().mounts = nil
		},
		"a holder removed by hand is made again": func(s *situation) {
			memory(s)
			s.gone("web.hold")
		},
		"after a reboot volumes in memory are held anew": func(s *situation) {
			memory(s)
			s.reboot()
		},

		// What an interrupted run leaves.
		"a successor that never took over is removed": func(s *situation) { s.copyAs("web-app", "web-app.new", created) },
		"a successor that never took over is removed before another is made": func(s *situation) {
			s.copyAs("web-app", "web-app.new", created)
			s.want.app().env["LOG"] = "b"
		},
		"a predecessor goes where its successor runs": func(s *situation) {
			s.copyAs("web-app", "web-app.old", old)
			s.exit("web-app.old", 0)
		},
		"a predecessor waits for its successor to start": func(s *situation) {
			s.copyAs("web-app", "web-app.old", old)
			s.exit("web-app.old", 0)
			s.set("web-app", created)
		},
		"a predecessor is removed first where it may mount a volume that is renewed": func(s *situation) {
			s.copyAs("web-side", "web-side.old", old)
			s.exit("web-side.old", 0)
			s.set("web-side", created)
			s.want.web().volumes[1] = volume{name: "conf", kind: translate.EmptyDir}
		},
		"an init container that fails goes back to its predecessor": func(s *situation) {
			s.copyAs("web-setup", "web-setup.old", old)
			s.set("web-setup", created)
		},
		"a predecessor comes back where its successor is no longer wanted": func(s *situation) {
			s.copyAs("web-app", "web-app.old", func(*plan.ContainerState) {})
			s.exit("web-app.old", 0)
			s.set("web-app", func(e *plan.ContainerState) { old(e); created(e) })
		},
		"a predecessor alone that runs gets its name back": func(s *situation) { s.rename("web-app", "web-app.old") },
		"a predecessor alone that is stopped is owed a start": func(s *situation) {
			s.want.app().restart = corev1.RestartPolicyNever
			s.actual = standing(s.want)
			s.rename("web-app", "web-app.old")
			s.exit("web-app.old", 0)
		},
		"a predecessor alone that is not what is wanted is replaced": func(s *situation) {
			s.rename("web-app", "web-app.old")
			s.exit("web-app.old", 0)
			s.copyAs("web-app.old", "web-app.new", created)
			s.want.app().env["LOG"] = "b"
		},
		"a pod made by half is completed": func(s *situation) {
			s.gone("web-side")
			s.set("web-app", created)
			s.set("web-setup", created)
			s.pod("web", func(p *plan.PodState) { p.Infra.Status, p.Infra.StartedAt = plan.Created, time.Time{} })
		},
		"init containers that an interrupted run was about to run again run": func(s *situation) {
			s.set("web-setup", created)
			s.rename("web-app", "web-app.old")
			s.exit("web-app.old", 0)
			s.rename("web-side", "web-side.old")
		},
	}
}

func TestDiff(t *testing.T) {
	cases := diffCases()
	owned := map[string]bool{}
	for name, edit := range cases {
		file := filepath.Join("testdata", "diff", slug(name)+".txt")
		owned[file] = true
		t.Run(name, func(t *testing.T) {
			s := &situation{want: base()}
			s.actual = standing(s.want)
			edit(s)
			p := plan.Diff(s.want.translated(), s.actual, s.opts)
			if again := plan.Diff(s.want.translated(), s.actual, s.opts); again.String()+again.Script() != p.String()+p.Script() {
				t.Errorf("the same input gives another plan:\n%s%s", again, again.Script())
			}
			checkPlan(t, p)
			golden(t, file, name+"\n\n"+p.String()+"\n"+p.Script())
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "diff", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !owned[file] {
			t.Errorf("%s belongs to no case", file)
		}
	}
}

// checkPlan checks what holds for every plan.
func checkPlan(t *testing.T, p plan.Plan) {
	t.Helper()
	used := make([]bool, len(p.Changes))
	for i, step := range p.Steps {
		for _, after := range step.After {
			if after < 0 || after >= i {
				t.Errorf("step %d comes after step %d", i, after)
			}
		}
		used[step.Change] = true
		if op, ok := step.Op.(plan.RunPod); ok { // it starts what needs nothing else
			for i, c := range p.Changes {
				name := strings.TrimPrefix(c.Object, "container/")
				used[i] = used[i] || c.Action == plan.ActionStart && slices.Contains(op.Start, name)
			}
		}
	}
	for _, c := range p.Supervision() {
		used[slices.IndexFunc(p.Changes, func(o plan.Change) bool { return o.Object == c.Object && o.Action == c.Action })] = true
	}
	for i, c := range p.Changes {
		if len(c.Reasons) == 0 {
			t.Errorf("%s %s has no reason", c.Action, c.Object)
		}
		if !used[i] {
			t.Errorf("%s %s has no step", c.Action, c.Object)
		}
	}
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

func slug(sentence string) string {
	return strings.Trim(notWord.ReplaceAllString(strings.ToLower(sentence), "-"), "-")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs.\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}
