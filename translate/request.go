package translate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
)

// Request is what a pod asks of the machine.
type Request struct {
	CPU    int64 // thousandths of a CPU
	Memory int64 // bytes
}

// LabelRequest holds a pod's Request, where it asks for anything: "250m 67108864". It is what other
// projects' admissions go by.
const LabelRequest = "io.podup.request"

// request is the pod's effective one, as a scheduler counts it: the sum of the containers and
// sidecars, or what an init container needs at its time, or what the pod itself declares.
func request(pod *corev1.Pod) Request {
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	return Request{CPU: requests.Cpu().MilliValue(), Memory: requests.Memory().Value()}
}

// ReadRequest is what the label says; one that says nothing readable asks for nothing.
func ReadRequest(labels map[string]string) Request {
	var r Request
	if _, err := fmt.Sscanf(labels[LabelRequest], "%dm %d", &r.CPU, &r.Memory); err != nil {
		return Request{}
	}
	return r
}

func (r Request) label() string { return fmt.Sprintf("%dm %d", r.CPU, r.Memory) }

// Plus is the sum.
func (r Request) Plus(other Request) Request {
	return Request{r.CPU + other.CPU, r.Memory + other.Memory}
}

// Minus is the difference.
func (r Request) Minus(other Request) Request {
	return Request{r.CPU - other.CPU, r.Memory - other.Memory}
}
