package validate

import "slices"

const noProbes = "podup runs no probes yet: remove it to run the container without"

// containerFields are the rows that init and app containers share.
func containerFields() []Field {
	return slices.Concat(
		honoured("name", "image", "imagePullPolicy", "command", "args", "workingDir", "tty", "stdin"),
		honoured("env[].name", "env[].value", "env[].valueFrom.configMapKeyRef", "env[].valueFrom.secretKeyRef",
			"env[].valueFrom.fieldRef", "env[].valueFrom.resourceFieldRef", "envFrom"),
		honoured("volumeMounts[].name", "volumeMounts[].mountPath", "volumeMounts[].readOnly", "volumeMounts[].subPath",
			"volumeMounts[].subPathExpr", "volumeMounts[].mountPropagation"),
		[]Field{
			unsupported("env[].valueFrom.fileKeyRef", "podup does not read variables from files of a volume yet: use configMapKeyRef or secretKeyRef"),
			unsupported("volumeMounts[].recursiveReadOnly", "podup makes the mount itself read-only, not what is mounted below it: use Disabled", "Disabled"),
			unsupported("volumeDevices", "podup has no block volumes: mount a hostPath of type BlockDevice"),
			unsupported("livenessProbe", noProbes),
			unsupported("readinessProbe", noProbes),
			unsupported("startupProbe", noProbes),
			unsupported("lifecycle", "podup runs no hooks yet: remove it to run the container without"),
			unsupported("restartPolicy", "podup has one restart policy for all containers of a pod yet: set spec.restartPolicy"),
			unsupported("restartPolicyRules", "podup does not restart by exit code yet: set spec.restartPolicy"),
			unsupported("stdinOnce", "podup keeps stdin open: remove it", "false"),
			unsupported("terminationMessagePath", "podup does not read termination messages yet: remove it", "/dev/termination-log"),
			unsupported("terminationMessagePolicy", "podup does not read termination messages yet: remove it", "File"),
			ignored("resizePolicy", "podup decides itself what a change of resources needs"),
		},
		resourceFields("resources.limits"), resourceFields("resources.requests"),
		[]Field{unsupported("resources.claims", "there is no driver that allocates devices: remove it")},
		under("securityContext.", containerSecurity()),
	)
}

func resourceFields(list string) []Field {
	return append(honoured(list+"[cpu]", list+"[memory]"),
		ignored(list+"[ephemeral-storage]", "podup does not limit what a container writes to disk"),
		unsupported(list+"[]", "podup limits cpu and memory only: remove it"),
	)
}

func containerSecurity() []Field {
	return slices.Concat(securityBoth(), honoured("privileged", "allowPrivilegeEscalation", "capabilities"), []Field{
		unsupported("readOnlyRootFilesystem", notConfined, "false"),
		unsupported("procMount", notConfined, "Default"),
	})
}
