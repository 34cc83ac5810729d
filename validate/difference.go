package validate

// Difference is something that a manifest cannot ask for and that is not as under a kubelet.
type Difference struct {
	Topic string
	Text  string
}

// Differences from a kubelet on a cluster's node, as docs/support.md lists them.
func Differences() []Difference {
	return []Difference{
		{"Default seccomp profile", "A container without seccompProfile gets the engine's default profile. A kubelet runs it unconfined unless seccompDefault is set. Write type: Unconfined to have that."},
		{"Default capabilities", "Podman's default set has eleven capabilities. containerd's fourteen have NET_RAW, MKNOD and AUDIT_WRITE as well. Add those that are needed."},
		{"Capabilities of users other than root", "An added capability is in the bounding set of the container only when it runs as root; a process of another user has none of them, as under a kubelet, and a program with file capabilities cannot gain those three of the line above either."},
		{"Images of localhost/", "Without imagePullPolicy such an image is taken as it is, also with the tag latest, for which Kubernetes' default is Always. Written out, the policy is honoured."},
		{"Restarts", "A container that restarts is the same Podman container started again: what it wrote to its root file system is still there. A kubelet makes a new one."},
		{"CrashLoopBackOff", "A container shows it from the moment at which it begins to wait, and starts when the time is over. A kubelet shows how the container ended until it looks at the pod the next time, and waits up to half as long again."},
		{"Hanging postStart hooks", "A pod that is to end gives up a postStart that still runs. A kubelet waits for it, however long it takes."},
		{"Sandboxes of finished pods", "The network of a pod that has succeeded or failed stays until podup down: its address and its ports are not given to others, although PodReadyToStartContainers is False."},
		{"Secret volumes", "Files of secret, downwardAPI and projected volumes lie on disk below the user's own storage (mode 0700), not on a tmpfs."},
		{"Volume mount options", "Podman mounts volumes nosuid and nodev."},
		{"Disk limits", "emptyDir.sizeLimit on disk and ephemeral-storage limits are not enforced: there is no eviction."},
		{"/dev/shm", "It has Podman's size, 64000 KiB, and is mounted nosuid, nodev and noexec."},
		{"/etc/passwd", "A user of runAsUser whom the image does not know gets a line there, and with it a home: /, as under a kubelet."},
		{"Group of root", "A process of root without other groups lists none; containerd lists group 0."},
		{"Shares of the CPU", "Requests weigh the containers of a pod against each other; pods weigh the same, and where no container of a pod asks for CPU, none has less than another."},
		{"Services", "A Service is names on the project's network: NAME, NAME.NAMESPACE, NAME.NAMESPACE.svc and NAME.NAMESPACE.svc.cluster.local, and HOSTNAME before each of them for a pod whose subdomain is a headless Service. They lead to the addresses of the pods themselves, as those of a headless Service do in a cluster: there is no address of the Service's own, nothing spreads connections but the client, and all addresses come in the same order each time. Pods of one project also find each other by pod name and by hostname. A pod on the machine's network finds none of these names."},
		{"Readiness behind a Service", "A pod is behind its Services' names as long as its infra container runs, whether it is Ready or not: the engine fixes names when it makes a pod. Where several pods are behind one, a client must try the next address when one refuses. podup warns where a readinessProbe would have taken one of several pods out."},
		{"Variables of Services", "No container has SERVICE_HOST and SERVICE_PORT variables, nor those of KUBERNETES_SERVICE: use the names."},
		{"DNS", "ClusterFirst means Default, as with a kubelet that has no cluster DNS configured."},
		{"Addresses", "With Podman's default rootless network every pod has the machine's own address. The pods of a project with several pods have addresses of their own."},
		{"Unsafe sysctls", "A kubelet refuses them unless it is started with --allowed-unsafe-sysctls; podup sets them, with a warning, where the kernel gives the pod its own."},
		{"Local seccomp profiles", "localhostProfile is a path below the manifest's directory, not below a kubelet's own."},
		{"Group membership from the image", "A container with runAsGroup gets none of the supplemental groups that the image's /etc/group lists for its user."},
		{"SELinux", "A hostPath gets the shared label, which a kubelet leaves to its user, unless it is a directory of the system or the pod has the annotation io.podup.selinux-relabel: none, private or shared; io.podup.selinux-relabel/VOLUME is about one volume."},
		{"Huge pages", "A volume on huge pages has no size of its own: the containers' limits bound it, where the engine has a hugetlb controller."},
		{"Resizing", "A changed limit of a container is given to the running one; one of the pod itself replaces the pod. A limit below what a container uses is refused at once, not tried again."},
		{"Ephemeral containers", "podup debug adds one and, where it stays with it, removes it in the end; a cluster keeps it as long as the pod."},
		{"Standard input", "The first client that attaches to a container and goes away ends its input, as with stdinOnce, also where a manifest does not ask for it."},
		{"/etc/hosts", "It has one line more than a kubelet's: the name by which Podman's users know the machine, host.containers.internal."},
		{"hostUsers: false", "Volumes are not mapped into the pod's own user namespace: what is in them shows as nobody's, and files others may not read cannot be read. Rootful Podman needs a line for the user containers in /etc/subuid and /etc/subgid."},
		{"Memory volumes with fsGroup", "The group is fixed when the volume is made: one that changes later needs up --renew-volumes."},
		{"Limits without a cgroup controller", "On cgroup v1 the kernel lets no user other than root limit anything, on v2 only with the controllers that systemd delegates. podup warns of each limit that is not enforced, and says what would help."},
		{"Low oom_score_adj", "Rootless, a process cannot get a lower value than podup's service has: the engine raises it."},
	}
}
