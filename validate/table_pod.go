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
	oneMachine   = "there is one machine and no scheduler"
	noPriorities = "there is one machine and no scheduler to weigh pods against each other"
	notShared    = "podup gives every pod namespaces of its own: remove it"
)

func podLevel() []Field {
	return under("spec.", honoured("hostname", "terminationGracePeriodSeconds", "restartPolicy"), []Field{
		unsupported("activeDeadlineSeconds", "podup does not end pods by a deadline yet: remove it, or run the command under timeout(1)"),
		unsupported("ephemeralContainers", "they are added to running pods, not declared: use podup exec"),
		unsupported("dnsPolicy", "podup does not write a pod's resolv.conf yet: use ClusterFirst or Default, which are the same here", "ClusterFirst", "Default"),
		unsupported("dnsConfig", "podup does not write a pod's resolv.conf yet: remove it"),
		unsupported("hostAliases", "podup does not write a pod's /etc/hosts yet: remove it"),
		unsupported("subdomain", "podup does not make fully qualified names yet: remove it"),
		unsupported("hostnameOverride", "use hostname"),
		unsupported("setHostnameAsFQDN", "podup does not make fully qualified names yet: remove it", "false"),
		unsupported("hostNetwork", notShared+", and publish ports with hostPort", "false"),
		unsupported("hostPID", notShared, "false"),
		unsupported("hostIPC", notShared, "false"),
		unsupported("hostUsers", "podup does not give pods a user namespace of their own yet: remove it", "true"),
		unsupported("shareProcessNamespace", "podup gives every container a process namespace of its own: remove it", "false"),
		unsupported("resources", "podup limits containers only: set resources of the containers"),
		unsupported("resourceClaims", "there is no driver that allocates devices: remove it"),
		unsupported("overhead", "only an API server sets it, from a RuntimeClass: remove it"),
		unsupported("runtimeClassName", "podup uses the engine's runtime for every pod, and another would isolate differently: remove it"),
		unsupported("os", "podup runs Linux containers: use linux or remove it", "linux"),
		// There are no Services whose variables it could add.
		honoured("enableServiceLinks")[0],
		ignored("automountServiceAccountToken", "there is no API server a token could be for", "false"),
		ignored("serviceAccountName", "there are no service accounts; the name is only shown to the pod", "default"),
		ignored("serviceAccount", "there are no service accounts; the name is only shown to the pod", "default"),
		ignored("imagePullSecrets", "images are pulled with the engine's own credentials: see podman login"),
		ignored("readinessGates", "nothing here sets such conditions: the pod is ready without them"),
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
	userOnly     = "only where the container or the pod sets runAsUser"
	defaultOnly  = "podup uses the engine's default profile: use RuntimeDefault or remove it"
	notConfined  = "podup does not set it yet: remove it"
	noWindows    = "podup runs Linux containers: remove it"
	noVolumeGids = "podup does not change the group of volumes yet: remove it"
)

// securityBoth are fields of a pod's security context and of a container's.
func securityBoth() []Field {
	return []Field{
		honoured("runAsUser")[0],
		within("runAsGroup", userOnly),
		within("runAsNonRoot", userOnly),
		unsupported("seccompProfile.type", defaultOnly, "RuntimeDefault"),
		unsupported("seccompProfile.localhostProfile", defaultOnly),
		unsupported("appArmorProfile.type", defaultOnly, "RuntimeDefault"),
		unsupported("appArmorProfile.localhostProfile", defaultOnly),
		unsupported("seLinuxOptions", notConfined),
		unsupported("windowsOptions", noWindows),
	}
}

func podSecurity() []Field {
	return append(securityBoth(),
		unsupported("supplementalGroups", notConfined),
		unsupported("supplementalGroupsPolicy", notConfined, "Merge"),
		unsupported("fsGroup", noVolumeGids),
		unsupported("fsGroupChangePolicy", noVolumeGids),
		unsupported("seLinuxChangePolicy", notConfined),
		unsupported("sysctls", notConfined),
	)
}
