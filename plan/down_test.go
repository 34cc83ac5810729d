package plan_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestDown(t *testing.T) {
	type down struct {
		situation
		opts plan.DownOptions
	}
	stray := func(s *down) {
		s.actual.Pods["web"] = plan.PodState{Name: "web", Containers: map[string]plan.ContainerState{
			"web.hold": {Name: "web.hold", Pod: "web", Role: translate.RoleHolder, Status: plan.Created},
			"web-app":  {Name: "web-app", Pod: "web", Role: translate.RoleApp, Status: plan.Exited},
		}}
	}
	two := func(s *down) {
		s.want.second().apps[0].secret = "hush"
		s.want.claims = append(s.want.claims, "pg")
		s.want.pods[1].apps[0].mounts = []string{"pg"}
		s.actual = standing(s.want)
	}
	for name, edit := range map[string]func(*down){
		"everything but claims":                                  func(*down) {},
		"everything with claims":                                 func(s *down) { s.opts.Volumes = true },
		"two pods with network and secrets":                      two,
		"a grace period overrides all others":                    func(s *down) { s.opts.Grace = 2 * time.Second },
		"no grace at all":                                        func(s *down) { s.opts.Grace = 0 },
		"what no release knows takes the grace it was made with": func(s *down) { s.forget() },
		"one pod of two leaves what is shared": func(s *down) {
			two(s)
			s.opts.Pods = []string{"db"}
		},
		"one pod of two takes only its own claims": func(s *down) {
			two(s)
			s.opts.Pods, s.opts.Volumes = []string{"db"}, true
		},
		"one pod of two leaves a claim the other mounts": func(s *down) {
			two(s)
			s.want.pods[1].apps[0].mounts = []string{"pg", "data"}
			s.actual = standing(s.want)
			s.opts.Pods, s.opts.Volumes = []string{"db"}, true
		},
		"one pod of two leaves all claims where nobody knows what the other mounts": func(s *down) {
			two(s)
			s.actual.Applied[0].Pods = s.actual.Applied[0].Pods[1:]
			s.opts.Pods, s.opts.Volumes = []string{"db"}, true
		},
		"all pods by name are everything": func(s *down) {
			two(s)
			s.opts.Pods = []string{"db", "web"}
		},
		"a pod that is not there":           func(s *down) { s.opts.Pods = []string{"nowhere"} },
		"containers that are left of a pod": stray,
		"volumes that are left of a pod":    func(s *down) { delete(s.actual.Pods, "web") },
		"a network that is left": func(s *down) {
			s.actual = plan.Actual{Project: "shop", Networks: []string{"podup.shop"}}
		},
		"nothing at all": func(s *down) { s.actual = plan.Actual{Project: "shop"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := &down{situation: situation{want: base()}, opts: plan.DownOptions{Grace: -1}}
			s.actual = standing(s.want)
			edit(s)
			p := plan.Down(s.actual, s.opts)
			checkPlan(t, p)
			golden(t, filepath.Join("testdata", "down", slug(name)+".txt"), name+"\n\n"+p.String()+"\n"+p.Script())
		})
	}
}
