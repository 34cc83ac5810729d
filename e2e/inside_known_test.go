package e2e

import "os"

// knownInside is what a container sees otherwise than under the kubelet that was recorded, and why; for
// users it stands in docs/support.md. Which of it there is depends on the engine.
func knownInside(e *engine) []otherwise {
	all := []otherwise{
		{"Seccomp 0", "Seccomp 2", "without a profile of the manifest's the engine has one"},
		{"CapBnd 00000000a80425f([ab])", "CapBnd 00000000800405f([ab])", "Podman's default capabilities are eleven"},
		{"CapPrm 00000000a80425f([ab])", "CapPrm 00000000800405f([ab])", "Podman's default capabilities are eleven"},
		{"CapEff 00000000a80425f([ab])", "CapEff 00000000800405f([ab])", "Podman's default capabilities are eleven"},
		{"CapBnd 0000000000000400", "CapBnd 0000000000000000", "Podman would make an added capability ambient for a user"},
		{"Groups 0", "Groups", "containerd lists root's own group among the supplemental ones"},
		{"mount /dev/shm tmpfs rw,size=65536k", "mount /dev/shm tmpfs rw,nosuid,nodev,noexec,size=64000k", "Podman's /dev/shm has its own size"},
		{"", "hosts # Added by Podman\\.", "the name by which Podman's users know the machine"},
		{"", "hosts \\S+ host\\.containers\\.internal host\\.docker\\.internal", "the name by which Podman's users know the machine"},
		{"mount (/disk|/deep) disk r[ow]", "mount (/disk|/deep) disk r[ow],nosuid,nodev", "Podman mounts volumes nosuid and nodev"},
		{"mount /memory tmpfs r[ow],size=1024k", "mount /memory tmpfs r[ow],nosuid,nodev,size=1024k", "Podman mounts volumes nosuid and nodev"},
		{"mount /pod tmpfs ro,size=\\d+k", "mount /pod disk ro,nosuid,nodev", "files lie on disk below the user's own storage"},
		{"file /pod dtrwxrwxrwx 0:0", "file /pod drwxrwxrwx 0:0", "files lie on disk below the user's own storage"},
		{"file /pod dgtrwxrwxrwx 0:2000", "file /pod dgrwxrwxrwx 0:2000", "files lie on disk below the user's own storage"},
		{`hosts POD_IP front\.shop\.default\.svc\. front`, `hosts POD_IP front\.shop\.default\.svc\.cluster\.local front`, "the recorded kubelet had no cluster domain"},
		{"env ACCOUNT=", "env ACCOUNT=default", "a static pod has no service account; in a cluster it is default"},
	}
	if os.Getuid() != 0 {
		all = append(all, otherwise{"oom_score_adj 0", `oom_score_adj [1-9]\d*`, "a rootless process cannot get a lower value than its user's service has"})
	}
	if os.Getuid() == 0 && e.cgroups == "v1" {
		all = append(all, otherwise{"cgroup cpu.shares 2", "cgroup cpu.shares 1024", "where no container of a pod speaks of CPU, none has less than another"})
	}
	return all
}
