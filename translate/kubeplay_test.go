package translate_test

import (
	"strings"
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// TestWhatKubePlayGetsWrong has, for each field that `podman kube play` 5.8 drops, takes for another or
// accepts although it is wrong, the manifest and a part of what is right: of a problem, or of what is
// wanted. What only shows at run time stands in the end-to-end scripts.
func TestWhatKubePlayGetsWrong(t *testing.T) {
	pod := func(spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: shop}}\nspec:\n" + indent(spec)
	}
	app := func(fields string) string {
		return pod("containers:\n- name: app\n  image: app:1\n" + indent(fields))
	}
	with := func(volume string) string {
		return pod("containers: [{name: app, image: 'app:1', volumeMounts: [{name: v, mountPath: /v}]}]\nvolumes:\n- name: v\n" + indent(volume))
	}
	const settings = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: one, b: two}\n"
	for _, test := range []struct {
		name     string
		manifest string
		want     []string // each stands in what comes of it
		not      string
	}{
		// Read and then never looked at.
		{"readinessProbe is not dropped", app("readinessProbe: {tcpSocket: {port: 80}}"), []string{"readinessProbe.tcpSocket.port 80"}, ""},
		{"postStart is not dropped", app("lifecycle: {postStart: {exec: {command: [warm]}}}"), []string{`lifecycle.postStart.exec.command ["warm"]`}, ""},
		{"preStop is not dropped", app("lifecycle: {preStop: {exec: {command: [drain]}}}"), []string{`lifecycle.preStop.exec.command ["drain"]`}, ""},
		{"runAsNonRoot is not dropped", app("securityContext: {runAsNonRoot: true}"), []string{"not as root"}, ""},
		{"the pod's runAsNonRoot is not dropped", pod("securityContext: {runAsNonRoot: true}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"not as root"}, ""},
		{"seccompProfile is not dropped", app("securityContext: {seccompProfile: {type: Unconfined}}"), []string{"seccomp unconfined"}, ""},
		{"fsGroup is not dropped", pod("securityContext: {fsGroup: 2000}\ncontainers: [{name: app, image: 'app:1', volumeMounts: [{name: v, mountPath: /v}]}]\nvolumes: [{name: v, emptyDir: {}}]"),
			[]string{"volume web-v: emptyDir of pod web, group 2000"}, ""},
		{"activeDeadlineSeconds is not dropped", pod("activeDeadlineSeconds: 60\ncontainers: [{name: app, image: 'app:1'}]"), []string{"deadline 1m0s"}, ""},
		{"envFrom.prefix is not dropped", app("envFrom: [{prefix: CM_, configMapRef: {name: settings}}]") + settings, []string{`env CM_a="one"`}, `env a=`},
		{"subPathExpr is not dropped", pod("containers: [{name: app, image: 'app:1', env: [{name: A, value: deep}], volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(A)/x}]}]\nvolumes: [{name: v, emptyDir: {}}]"),
			[]string{`sub-path "deep/x"`}, ""},
		{"volumeDevices is refused", app("volumeDevices: [{name: v, devicePath: /dev/x}]"), []string{"podup has no block volumes"}, ""},
		{"emptyDir.sizeLimit is not dropped", with("emptyDir: {medium: Memory, sizeLimit: 1Mi}"), []string{"1048576"}, ""},
		{"the mode of an item is not dropped", with("configMap: {name: settings, items: [{key: a, path: a, mode: 0600}]}") + settings, []string{"-rw------- a"}, ""},
		{"imagePullSecrets is not dropped", pod("imagePullSecrets: [{name: none}]\ncontainers: [{name: app, image: 'app:1'}]"), []string{`Secret "none"`}, ""},
		{"serviceAccountName is said to mean nothing", pod("serviceAccountName: web\ncontainers: [{name: app, image: 'app:1'}]"), []string{"warning", "there are no service accounts"}, ""},
		{"runtimeClassName is refused", pod("runtimeClassName: kata\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "isolate differently"}, ""},
		{"priorityClassName is said to mean nothing", pod("priorityClassName: high\ncontainers: [{name: app, image: 'app:1'}]"), []string{"warning", "no scheduler"}, ""},
		{"dnsPolicy is not dropped", pod("dnsPolicy: None\ndnsConfig: {nameservers: [192.0.2.1]}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"Servers:[192.0.2.1]", "Only:true"}, ""},
		{"subdomain is not dropped", pod("subdomain: shop\ncontainers: [{name: app, image: 'app:1'}]"), []string{`"shop.default.svc.cluster.local"`}, ""},
		{"setHostnameAsFQDN is not dropped", pod("subdomain: shop\nsetHostnameAsFQDN: true\ncontainers: [{name: app, image: 'app:1'}]"), []string{"hostname web.shop.default.svc.cluster.local"}, ""},
		{"overhead is not dropped", pod("overhead: {memory: 1Mi}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"asks for 0m of CPU, 1048576 bytes"}, ""},
		{"ephemeralContainers is refused", pod("ephemeralContainers: [{name: look, image: 'app:1'}]\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "ephemeral"}, ""},
		{"terminationMessagePath is not dropped", app("terminationMessagePath: /dev/words"), []string{"/dev/words"}, ""},
		{"stdin is not dropped", app("stdin: true"), []string{"stdin true"}, ""},
		{"a probe's headers are not dropped", app("livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: X-A, value: b}]}}"), []string{"X-A"}, ""},
		{"a probe's grace is not dropped", app("livenessProbe: {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 3}"), []string{"livenessProbe.terminationGracePeriodSeconds 3"}, ""},
		{"a request of CPU is not dropped", app("resources: {requests: {cpu: 500m}}"), []string{"CPUShares:512", "asks for 500m of CPU"}, ""},
		{"a request of memory is not dropped", app("resources: {requests: {memory: 1Mi}}"), []string{"asks for 0m of CPU, 1048576 bytes of memory"}, ""},
		{"ephemeral-storage is said to mean nothing", app("resources: {limits: {ephemeral-storage: 1Gi}}"), []string{"warning", "does not limit what a container writes to disk"}, ""},
		{"metadata.namespace is said to mean nothing", "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: prod}\nspec: {containers: [{name: app, image: 'app:1'}]}\n", []string{"warning", "there is one namespace"}, ""},
		{"generateName is refused", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\nspec: {containers: [{name: app, image: 'app:1'}]}\n", []string{"error", "set metadata.name"}, ""},
		{"a claim's selector is refused", pod("containers: [{name: app, image: 'app:1'}]") +
			"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}, selector: {matchLabels: {a: b}}}\n",
			[]string{"error", "there are no PersistentVolumes to select"}, ""},

		// Taken for unknown.
		{"an init container's restartPolicy makes it a sidecar", pod("initContainers: [{name: log, image: 'app:1', restartPolicy: Always}]\ncontainers: [{name: app, image: 'app:1'}]"), []string{"sidecar web-log"}, "init container web-log"},
		{"a container's restartPolicy is not dropped", app("restartPolicy: Never"), []string{"restartPolicy Never"}, ""},
		{"resizePolicy is not dropped", app("resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]"), []string{"made anew for another amount of cpu false, of memory true"}, ""},
		{"a grpc probe is not dropped", app("livenessProbe: {grpc: {port: 80}}"), []string{"livenessProbe.grpc.port 80"}, ""},
		{"a sleep hook is not dropped", app("lifecycle: {preStop: {sleep: {seconds: 2}}}"), []string{"lifecycle.preStop.sleep.seconds 2"}, ""},
		{"fileKeyRef is refused", pod("containers: [{name: app, image: 'app:1', env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: a, key: b}}}]}]\nvolumes: [{name: v, emptyDir: {}}]"),
			[]string{"error", "does not read variables from files"}, ""},
		{"recursiveReadOnly is refused where it must be", pod("containers: [{name: app, image: 'app:1', volumeMounts: [{name: v, mountPath: /v, readOnly: true, mountPropagation: None, recursiveReadOnly: Enabled}]}]\nvolumes: [{name: v, emptyDir: {}}]"),
			[]string{"error", "use IfPossible"}, ""},
		{"appArmorProfile is not dropped", app("securityContext: {appArmorProfile: {type: Unconfined}}"), []string{"apparmor unconfined"}, ""},
		{"supplementalGroupsPolicy is not dropped", pod("securityContext: {runAsUser: 1, runAsGroup: 2, supplementalGroupsPolicy: Strict}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"strict groups"}, ""},
		{"another operating system is refused", pod("os: {name: windows}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "podup runs Linux containers"}, ""},
		{"the pod's own resources are not dropped", pod("resources: {limits: {memory: 1Mi}}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"  resources {CPUShares:0 CPUQuota:0 CPUPeriod:0 MemoryLimit:1048576"}, ""},
		{"schedulingGates is refused", pod("schedulingGates: [{name: example.com/wait}]\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "remove it to run the pod"}, ""},
		{"tolerations is said to mean nothing", pod("tolerations: [{operator: Exists}]\ncontainers: [{name: app, image: 'app:1'}]"), []string{"warning", "no scheduler"}, ""},
		{"a projected volume is no error", with("projected: {sources: [{configMap: {name: settings}}]}") + settings, []string{`a: "one"`}, "error"},
		{"a downwardAPI volume is no error", with("downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}"), []string{`a: "web"`}, "error"},
		{"an nfs volume is refused with a way out", with("nfs: {server: s, path: /x}"), []string{"error", "use hostPath"}, ""},
		{"a csi volume is refused with a way out", with("csi: {driver: d.example.com}"), []string{"error", "use hostPath"}, ""},
		{"an ephemeral volume is refused with a way out", with("ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}}"), []string{"error", "use emptyDir"}, ""},

		// Accepted wrongly.
		{"hostPort 70000 is no port", app("ports: [{containerPort: 80, hostPort: 70000}]"), []string{"error", "hostPort", "between 1 and 65535"}, "4464"},
		{"containerPort 90000 is no port", app("ports: [{containerPort: 90000}]"), []string{"error", "containerPort", "between 1 and 65535"}, ""},
		{"containerPort -5 is no port", app("ports: [{containerPort: -5}]"), []string{"error", "between 1 and 65535"}, ""},
		{"there is no protocol BOGUS", app("ports: [{containerPort: 80, protocol: BOGUS}]"), []string{"error", `"TCP"`}, ""},
		{"1.5Gi is one and a half", app("resources: {limits: {memory: 1.5Gi}}"), []string{"MemoryLimit:1610612736 "}, ""},
		{"0.1Gi is a tenth", app("resources: {limits: {memory: 0.1Gi}}"), []string{"MemoryLimit:107374183 "}, ""},
		{"restartPolicy never is a mistake", pod("restartPolicy: never\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "restartPolicy", `"Never"`}, ""},
		{"a field in another case is unknown", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {Containers: [{name: app, image: 'app:1'}]}\n", []string{"error", "Containers"}, ""},
		{"a container's field in another case is unknown", pod("containers: [{name: app, IMAGE: 'app:1'}]"), []string{"error", "IMAGE"}, ""},
		{"there is no apiVersion banana/v99", "apiVersion: banana/v99\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: 'app:1'}]}\n", []string{"error", "banana/v99"}, ""},
		{"a pod has containers", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {}\n", []string{"error", "containers"}, ""},
		{"a pod has a spec", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", []string{"error", "containers"}, ""},
		{"a number is no value of a variable", app("env: [{name: A, value: 5}]"), []string{"error", "value"}, ""},
		{"a boolean is no value of a variable", app("env: [{name: A, value: true}]"), []string{"error", "value"}, ""},
		{"an octal number is no value of a variable", app("env: [{name: A, value: 0644}]"), []string{"error", "value"}, "420"},
		{"a float is no value of a variable", app("env: [{name: A, value: 1.10}]"), []string{"error", "value"}, `"1.1"`},
		{"an exponent is no value of a variable", app("env: [{name: A, value: 1e3}]"), []string{"error", "value"}, ""},
		{"a date stays as it is written", app("env: [{name: A, value: 2001-01-01}]"), []string{`env A="2001-01-01"`}, ""},
		{"a relative hostPath starts at the manifest", with("hostPath: {path: ./html}"), []string{`host path "/srv/shop/html"`}, ""},
		{"a key that is not there is a problem", with("configMap: {name: settings, items: [{key: c, path: c}]}") + settings, []string{"error", `"c"`}, ""},
		{"one volume has one source", with("emptyDir: {}\nconfigMap: {name: settings}") + settings, []string{"error", "may not specify more than 1 volume type"}, ""},
		{"a mountPath has no options", pod("containers: [{name: app, image: 'app:1', volumeMounts: [{name: v, mountPath: '/x:ro,z'}]}]\nvolumes: [{name: v, emptyDir: {}}]"), []string{`mount /x:ro,z: volume "web-v"`}, "read-only"},
		{"imagePullPolicy missing is Podman's, not Kubernetes'", app("imagePullPolicy: missing"), []string{"error", `"IfNotPresent"`}, ""},
		{"imagePullPolicy newer is Podman's, not Kubernetes'", app("imagePullPolicy: newer"), []string{"error", `"IfNotPresent"`}, ""},
		{"a nameserver is an address", pod("dnsConfig: {nameservers: [dns.example]}\ncontainers: [{name: app, image: 'app:1'}]"), []string{"error", "nameservers"}, ""},
		{"a limit is not negative", app("resources: {limits: {memory: -1}}"), []string{"error", "must be greater than or equal to 0"}, ""},
		{"a name has no capitals", "apiVersion: v1\nkind: Pod\nmetadata: {name: My_Pod}\nspec: {containers: [{name: app, image: 'app:1'}]}\n", []string{"error", "metadata.name"}, ""},
		{"a container has a name", pod("containers: [{name: '', image: 'app:1'}]"), []string{"error", "name"}, ""},
		{"a Service is not passed over in silence", pod("containers: [{name: app, image: 'app:1'}]") + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n", []string{"Service"}, ""},

		// The same field, another meaning.
		{"$(VAR) is expanded in values", app("env: [{name: A, value: a}, {name: B, value: $(A)b}]"), []string{`env B="ab"`}, ""},
		{"variables keep their order", app("env: [{name: Z, value: z}, {name: A, value: a}, {name: M, value: m}]"), []string{"env Z=\"z\"\n    env A=\"a\"\n    env M="}, ""},
		{"metadata.namespace has a value", app("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]"), []string{`env A="default"`}, ""},
		{"status.podIP has a value when the pod runs", app("env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]"), []string{"status.podIP", "needs facts"}, "error"},
		{"spec.nodeName has a value", app("env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]"), []string{`env A="`}, "error"},
		{"a group without a user is not root's", app("securityContext: {runAsGroup: 55}"), []string{"    group 55"}, "user"},
		{"a read-only root has no writable place", app("securityContext: {readOnlyRootFilesystem: true}"), []string{"read-only root"}, ""},
		{"the grace is 30 seconds by default", app("tty: false"), []string{"pod web"}, "grace"},
		{"an emptyDir is the pod's own", with("emptyDir: {}"), []string{"volume web-v: emptyDir of pod web"}, ""},
		{"a Memory emptyDir is one for all containers", with("emptyDir: {medium: Memory}"), []string{"volume web-v: memory of pod web", "hold web-v"}, ""},
		{"a configMap volume is the pod's own", with("configMap: {name: settings}") + settings, []string{"volume web-v: files of pod web"}, ""},
		{"an item's path may have directories", with("configMap: {name: settings, items: [{key: a, path: x/y}]}") + settings, []string{"x/y"}, "error"},
		{"only what has a hostPort is published", app("ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]"), []string{"port 8081/tcp to 81"}, "to 80"},
		{"another tag than latest means IfNotPresent", app("tty: false"), []string{"pull IfNotPresent"}, ""},
		{"latest means Always", pod("containers: [{name: app, image: 'app:latest'}]"), []string{"pull Always"}, ""},
		{"an image without a tag means Always", pod("containers: [{name: app, image: app}]"), []string{"image docker.io/library/app:latest, pull Always"}, ""},
		{"all limits become cgroup values", app("resources: {limits: {cpu: 250m, memory: 64Mi}}"), []string{"CPUShares:256 CPUQuota:25000 CPUPeriod:100000 MemoryLimit:67108864"}, ""},
		{"a duplicate container name is found before anything is made", pod("containers: [{name: app, image: 'app:1'}, {name: app, image: 'app:1'}]"), []string{"error", "Duplicate value"}, ""},
		{"a mount without a volume is found before anything is made", app("volumeMounts: [{name: v, mountPath: /v}]"), []string{"error", "volumeMounts[0].name"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, problems := manifest.Load([]manifest.Source{{Name: "pod.yaml", Dir: "/srv/shop", Data: []byte(test.manifest)}})
			problems = append(problems, validate.Check(set, validate.Options{})...)
			var text strings.Builder
			for _, problem := range problems {
				text.WriteString(problem.String() + "\n")
			}
			if !problems.HasErrors() {
				text.WriteString(render(translate.Want(set, options)))
			}
			for _, part := range test.want {
				if !strings.Contains(text.String(), part) {
					t.Errorf("%q is missing in\n%s", part, text.String())
				}
			}
			if test.not != "" && strings.Contains(text.String(), test.not) {
				t.Errorf("%q stands in\n%s", test.not, text.String())
			}
		})
	}
}

// indent moves text two columns to the right.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
