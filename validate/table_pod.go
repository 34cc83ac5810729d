package validate

// podFields are the rows of a Pod beside its metadata.
func podFields() []Field {
	return of("Pod",
		podLevel(),
		scheduling(),
		under("spec.securityContext.", podSecurity()),
		under("spec.volumes[].", volumeFields()),
		under("spec.containers[].", containerFields(), honoured("ports")),
		under("spec.initContainers[].", containerFields(),
			honoured("ports[].name", "ports[].containerPort", "ports[].protocol"),
			[]Field{
				// kubelet: kuberuntime_sandbox.go, generatePodSandboxConfig
				ignored("ports[].hostPort", "only ports of app containers are published, as a kubelet does it"),
				ignored("ports[].hostIP", "only ports of app containers are published, as a kubelet does it"),
			}),
		[]Field{quiet("status", "set by an API server")},
	)
}

const (
	oneMachine      = "there is one machine and no scheduler"
	noPriorities    = "there is one machine and no scheduler to weigh pods against each other"
	runtimeOverhead = "beside what the pod asks for, and its own limits; with a warning, for a cluster takes it from a RuntimeClass only"
	ownUsers        = "false gives the pod a user namespace with 1024 users, as far as the engine has any to give; files in its volumes show as nobody's"
)

func podLevel() []Field {
	return under("spec.", honoured("hostname", "terminationGracePeriodSeconds", "restartPolicy", "activeDeadlineSeconds", "shareProcessNamespace",
		"subdomain", "hostnameOverride", "setHostnameAsFQDN", "hostAliases", "dnsPolicy", "dnsConfig",
		"hostNetwork", "hostPID", "hostIPC"), podResourceFields("resources.limits"), podResourceFields("resources.requests"), []Field{
		unsupported("resources.claims", "there is no driver that allocates devices: remove it"),
		within("hostUsers", ownUsers),
		unsupported("ephemeralContainers", "they are added to running pods, not declared: use podup debug"),
		unsupported("resourceClaims", "there is no driver that allocates devices: remove it"),
		within("overhead[cpu]", runtimeOverhead),
		within("overhead[memory]", runtimeOverhead),
		ignored("overhead[]", "podup weighs cpu and memory only"),
		unsupported("runtimeClassName", "podup uses the engine's runtime for every pod, and another would isolate differently: remove it"),
		unsupported("os", "podup runs Linux containers: use linux or remove it", "linux"),
		// Kubernetes' default is true, so that a warning would be about nearly every pod with a Service.
		quiet("enableServiceLinks", "a Service has no address of its own that variables could hold; a $(VARIABLE) of one is refused: use its name"),
		ignored("automountServiceAccountToken", "there is no API server a token could be for", "false"),
		ignored("serviceAccountName", "there are no service accounts; the name is only shown to the pod", "default"),
		ignored("serviceAccount", "there are no service accounts; the name is only shown to the pod", "default"),
		within("imagePullSecrets", "of Secrets in the files; the engine's own logins come after them: see podman login"),
		unsupported("readinessGates", "nothing on one machine sets such a condition, so that the pod would never be Ready: remove it"),
	})
}

func scheduling() []Field {
	return under("spec.", []Field{
		ignored("nodeName", oneMachine+"; the name is only shown to the pod"),
		ignored("nodeSelector", oneMachine),
		ignored("affinity", oneMachine),
		ignored("tolerations", oneMachine),
		ignored("topologySpreadConstraints", oneMachine),
		ignored("schedulerName", oneMachine, "default-scheduler"),
		ignored("priorityClassName", noPriorities),
		ignored("priority", noPriorities, "0"),
		ignored("preemptionPolicy", noPriorities),
		unsupported("schedulingGates", "nothing here would ever lift a gate: remove it to run the pod"),
		unsupported("schedulingGroup", oneMachine+": remove it"),
	})
}

const (
	localSeccomp = "a path below the manifest's directory"
	strictGroups = "Strict only where the container or the pod sets runAsGroup"
	noWindows    = "podup runs Linux containers: remove it"
)

// securityBoth are fields of a pod's security context and of a container's.
func securityBoth() []Field {
	return append(honoured("runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile.type", "appArmorProfile", "seLinuxOptions"),
		within("seccompProfile.localhostProfile", localSeccomp),
		unsupported("windowsOptions", noWindows),
	)
}

func podSecurity() []Field {
	return append(securityBoth(),
		honoured("supplementalGroups")[0],
		within("supplementalGroupsPolicy", strictGroups),
		honoured("fsGroup")[0],
		within("fsGroupChangePolicy", "of claims, as a kubelet has it; all other volumes are changed whole"),
		ignored("seLinuxChangePolicy", "the engine labels the volumes it makes; of a hostPath the annotation io.podup.selinux-relabel decides"),
		within("sysctls", "of namespaces of the pod's own; a warning where a kubelet would want them allowed first"),
	)
}
