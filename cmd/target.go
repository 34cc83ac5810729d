package cmd

import (
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// selectContainers finds the containers that names mean: pod/container, the engine's name, a
// container's name in whatever pod, or a pod's name for all of its containers; the first of these
// that exists counts. No names select everything. The order is that of the pods and their
// containers, each once.
func selectContainers(actual plan.Actual, names []string) ([]plan.ContainerState, error) {
	all := projectContainers(actual)
	if len(names) == 0 {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		found := matchContainers(all, name)
		if len(found) == 0 {
			return nil, unknownName("container", name, containerPaths(all))
		}
		for _, c := range found {
			wanted[c.Name] = true
		}
	}
	return slices.DeleteFunc(all, func(c plan.ContainerState) bool { return !wanted[c.Name] }), nil
}

func matchContainers(all []plan.ContainerState, name string) []plan.ContainerState {
	for _, matches := range []func(plan.ContainerState) bool{
		func(c plan.ContainerState) bool { return containerPath(c) == name },
		func(c plan.ContainerState) bool { return c.Name == name },
		func(c plan.ContainerState) bool { return c.Container == name },
		func(c plan.ContainerState) bool { return c.Pod == name },
	} {
		var found []plan.ContainerState
		for _, c := range all {
			if matches(c) {
				found = append(found, c)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// projectContainers are all containers that a manifest declares, pod by pod.
func projectContainers(actual plan.Actual) []plan.ContainerState {
	var all []plan.ContainerState
	for _, name := range podNames(actual) {
		all = append(all, podContainers(actual.Pods[name])...)
	}
	return all
}

// containerPath is pod/container, as commands take and messages show it.
func containerPath(c plan.ContainerState) string { return c.Pod + "/" + containerLabel(c) }

func containerPaths(containers []plan.ContainerState) []string {
	paths := make([]string, 0, len(containers))
	for _, c := range containers {
		paths = append(paths, containerPath(c))
	}
	return paths
}

// execTarget finds the container for POD[/CONTAINER]. Where only a pod is named and it has several
// app containers, it is the first of the manifest, and others names the rest.
func execTarget(actual plan.Actual, target string) (chosen plan.ContainerState, others []string, err error) {
	all := projectContainers(actual)
	podName, container, named := strings.Cut(target, "/")
	pod, ok := actual.Pods[podName]
	switch {
	case named && ok:
		of := podContainers(pod)
		for _, c := range of {
			if c.Container == container && containerLabel(c) == container {
				return c, nil, nil
			}
		}
		return chosen, nil, unknownName("container", target, containerPaths(of))
	case ok:
		var apps []plan.ContainerState
		for _, c := range podContainers(pod) {
			if c.Role == translate.RoleApp && containerLabel(c) == c.Container {
				apps = append(apps, c)
			}
		}
		if len(apps) == 0 {
			return chosen, nil, unknownName("app container in pod", podName, nil)
		}
		return apps[0], containerPaths(apps[1:]), nil
	case named:
		return chosen, nil, unknownName("pod", podName, podNames(actual))
	}
	// A container named alone is taken where there is only one of that name.
	switch found := matchContainers(all, target); len(found) {
	case 0:
		return chosen, nil, unknownName("pod or container", target, containerPaths(all))
	case 1:
		return found[0], nil, nil
	default:
		return chosen, nil, usagef("container %q is in several pods: say which of %s", clean(target), clean(strings.Join(containerPaths(found), ", ")))
	}
}
