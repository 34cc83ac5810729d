package podmanapi

import (
	"reflect"
	"slices"
	"testing"
)

func TestALimitWithoutAControllerIsSaid(t *testing.T) {
	all := resources{
		Memory: &memoryLimit{Limit: 1, Swap: 1}, CPU: &cpuLimit{Shares: 2, Quota: 1000, Period: 100000}, Huge: []hugeLimit{{"2MB", 1}},
	}
	shares := resources{CPU: &cpuLimit{Shares: 2}}
	for _, test := range []struct {
		name     string
		have     controllers
		limits   resources
		left     *resources
		warnings []string
	}{
		{"where all are, all is limited", controllers{names: []string{"cpuset", "cpu", "io", "memory", "hugetlb"}}, all, &all, nil},
		{"what is not there is said", controllers{[]string{"cpu", "memory"}, "get one"}, all, &resources{Memory: all.Memory, CPU: all.CPU},
			[]string{"the limit of huge pages is not enforced: get one"}},
		{"limit and share of the CPU take one controller", controllers{[]string{"memory"}, "get one"}, all, &resources{Memory: all.Memory},
			[]string{"the cpu limit and share of the cpu are not enforced: get one", "the limit of huge pages is not enforced: get one"}},
		{"a share alone is named alone", controllers{[]string{"memory"}, "get one"}, shares, nil, []string{"the share of the cpu is not enforced: get one"}},
		{"without any nothing is limited", controllers{nil, "get one"}, all, nil, []string{
			"the memory limit is not enforced: get one", "the cpu limit and share of the cpu are not enforced: get one", "the limit of huge pages is not enforced: get one"}},
		{"limits that are taken back need none", controllers{nil, "get one"},
			resources{Memory: &memoryLimit{Limit: unlimited, Swap: unlimited}, CPU: &cpuLimit{Quota: unlimited}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			left, warnings := test.have.enforceable(test.limits)
			if !reflect.DeepEqual(left, test.left) || !slices.Equal(warnings, test.warnings) {
				t.Errorf("left %+v, warnings %q", left, warnings)
			}
		})
	}
}

func TestControllersOfCgroupV1AreThoseMounted(t *testing.T) {
	got := mountedControllers("tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,nosuid,cpu,cpuacct 0 0\ncgroup2 /u cgroup2 rw,memory 0 0\n")
	if !slices.Contains(got, "cpu") || slices.Contains(got, "memory") {
		t.Errorf("%q", got)
	}
}
