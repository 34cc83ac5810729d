package validate

import "slices"

// containerFields are the rows that init and app containers share.
func containerFields() []Field {
	return slices.Concat(
		honoured("name", "image", "imagePullPolicy", "command", "args", "workingDir", "tty", "stdin", "stdinOnce"),
		honoured("env[].name", "env[].value", "env[].valueFrom.configMapKeyRef", "env[].valueFrom.secretKeyRef",
			"env[].valueFrom.fieldRef", "env[].valueFrom.resourceFieldRef", "envFrom"),
		honoured("volumeMounts[].name", "volumeMounts[].mountPath", "volumeMounts[].readOnly", "volumeMounts[].subPath",
			"volumeMounts[].subPathExpr", "volumeMounts[].mountPropagation"),
		[]Field{
			unsupported("env[].valueFrom.fileKeyRef", "podup does not read variables from files of a volume yet: use configMapKeyRef or secretKeyRef"),
			unsupported("volumeMounts[].recursiveReadOnly", "Podman cannot make what is mounted below a mount read-only with it: use IfPossible, which a kubelet without support treats as Disabled, or Disabled", "Disabled", "IfPossible"),
			unsupported("volumeDevices", "podup has no block volumes: mount a hostPath of type BlockDevice"),
			within("resizePolicy", "a container whose limit changes keeps running, unless this says otherwise or the limit is removed"),
		},
		lifecycleFields(),
		resourceFields("resources.limits"), resourceFields("resources.requests"),
		[]Field{unsupported("resources.claims", "there is no driver that allocates devices: remove it")},
		under("securityContext.", containerSecurity()),
	)
}

// lifecycleFields are what a supervisor reads.
func lifecycleFields() []Field {
	return slices.Concat(
		honoured("restartPolicy", "restartPolicyRules[].action", "restartPolicyRules[].exitCodes.operator",
			"restartPolicyRules[].exitCodes.values", "terminationMessagePath", "terminationMessagePolicy"),
		under("livenessProbe.", probeFields(), honoured("terminationGracePeriodSeconds")),
		under("readinessProbe.", probeFields(), []Field{quiet("terminationGracePeriodSeconds", "Kubernetes refuses it here: this probe ends nothing")}),
		under("startupProbe.", probeFields(), honoured("terminationGracePeriodSeconds")),
		under("lifecycle.postStart.", hookFields()),
		under("lifecycle.preStop.", hookFields()),
		[]Field{within("lifecycle.stopSignal", "Kubernetes 1.36 drops it, for its feature gate is off by default; spec.os.name has to be set")},
	)
}

func probeFields() []Field {
	return slices.Concat(
		honoured("exec.command"), httpFields(), honoured("tcpSocket.host", "tcpSocket.port", "grpc.port", "grpc.service"),
		honoured("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"),
	)
}

func hookFields() []Field {
	return slices.Concat(
		honoured("exec.command"), httpFields(), honoured("sleep.seconds"),
		[]Field{
			within("tcpSocket.host", tcpHook),
			within("tcpSocket.port", tcpHook),
		},
	)
}

// kubelet: lifecycle/handlers.go
const tcpHook = "Kubernetes accepts it and no kubelet can do it: the hook fails"

func httpFields() []Field {
	return honoured("httpGet.scheme", "httpGet.host", "httpGet.port", "httpGet.path", "httpGet.httpHeaders[].name", "httpGet.httpHeaders[].value")
}

func resourceFields(list string) []Field {
	return append(honoured(list+"[cpu]", list+"[memory]"),
		within(list+"[hugepages-2Mi]", hugePages),
		within(list+"[hugepages-1Gi]", hugePages),
		ignored(list+"[ephemeral-storage]", noDiskLimit),
		unsupported(list+"[]", "podup limits cpu, memory and huge pages of 2Mi and 1Gi only: remove it"),
	)
}

func podResourceFields(list string) []Field {
	return append(honoured(list+"[cpu]", list+"[memory]"),
		ignored(list+"[ephemeral-storage]", noDiskLimit),
		unsupported(list+"[]", "podup limits cpu and memory of a pod only: remove it"),
	)
}

const (
	hugePages   = "a warning where the engine has no hugetlb controller that could limit them"
	noDiskLimit = "podup does not limit what a container writes to disk"
)

func containerSecurity() []Field {
	return append(securityBoth(),
		honoured("privileged", "allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem", "procMount")...)
}
