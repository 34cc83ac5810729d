package translate_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

const behindAService = `apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: sql, port: 5432, targetPort: sql}]
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, labels: {app: db}}
spec:
  hostname: zero
  subdomain: db
  containers: [{name: app, image: "nginx:1.27", ports: [{name: sql, containerPort: 5432}]}]
`

// A field of a Service is honoured where another value makes another wanted state, or a problem.
func TestEveryHonouredFieldOfAServiceChangesWhatIsWanted(t *testing.T) {
	// Each also with the change that makes it matter, where it does so only then.
	virtual := func(s *corev1.Service) { s.Spec.ClusterIP = "" }
	changes := map[string]struct{ before, change func(*corev1.Service) }{
		"metadata.name":           {nil, func(s *corev1.Service) { s.Name = "sql" }},
		"spec.selector":           {nil, func(s *corev1.Service) { s.Spec.Selector["tier"] = "back" }},
		"spec.clusterIP":          {nil, virtual},
		"spec.ports[].port":       {virtual, func(s *corev1.Service) { s.Spec.Ports[0].Port++ }},
		"spec.ports[].targetPort": {virtual, func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromInt32(80) }},
		"spec.ports[].protocol":   {virtual, func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP }},
		"spec.type":               {virtual, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }},
	}
	free := map[string]string{
		"apiVersion": "there is one version", "kind": "it chose the type",
		"metadata.labels": "nothing is made of the Service itself", "metadata.annotations": "nothing is made of the Service itself",
	}
	outcome := func(do ...func(*corev1.Service)) string {
		set, problems := manifest.Load([]manifest.Source{{Name: "db.yaml", Dir: "/srv", Data: []byte(behindAService)}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, one := range do {
			if one != nil {
				one(set.Services[0].Object)
			}
		}
		return validate.Check(set, validate.Options{}).Error() + outcomeOf(set)
	}
	for _, row := range validate.Fields() {
		if row.Kind != "Service" || row.Class != validate.Honoured || free[row.Path] != "" {
			continue
		}
		c, ok := changes[row.Path]
		if !ok {
			t.Errorf("%s: nothing shows that it is honoured", row.Path)
		} else if outcome(c.before) == outcome(c.before, c.change) {
			t.Errorf("%s: changing it changes nothing", row.Path)
		}
	}
}

// A pod that no Service selects is what it was without the Services: nothing recreates it.
func TestServicesLeaveOtherPodsAlone(t *testing.T) {
	service, pod, _ := strings.Cut(behindAService, "---\n")
	others := strings.ReplaceAll(pod, "db-0", "web") + "---\n" + strings.ReplaceAll(pod, "db-0", "www")
	hashes := func(text string) []string {
		set, problems := manifest.Load([]manifest.Source{{Name: "pods.yaml", Dir: "/srv", Data: []byte(text)}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		project, problems := translate.Want(set, options)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		var all []string
		for _, pod := range project.Pods {
			all = append(all, pod.Hash())
		}
		return all
	}
	unselected := strings.ReplaceAll(others, "app: db", "app: web")
	if with, without := hashes(service+"---\n"+unselected), hashes(unselected); strings.Join(with, " ") != strings.Join(without, " ") {
		t.Errorf("with a Service %v, without %v", with, without)
	}
	if with, without := hashes(service+"---\n"+others), hashes(others); with[0] == without[0] || with[1] == without[1] {
		t.Errorf("with a Service %v, without %v", with, without)
	}
}
