package validate

const (
	noVirtualAddress = "a Service has no address of its own: its names lead to the pods"
	noLoadBalancer   = "there is no load balancer: the Service's names work for the pods of the project; hostPort publishes a port"
	oneNode          = "there is one machine, and a name leads to all pods"
)

// serviceFields: a Service is names on the project's network.
func serviceFields() []Field {
	return of("Service",
		under("spec.", []Field{
			within("selector", "a Service without one is refused; one that selects no pod of the files is warned of"),
			within("type", "ClusterIP; of NodePort and LoadBalancer the names only, with a warning; ExternalName is refused"),
			within("ports[].port", "the same as targetPort, unless clusterIP is None: names lead to the pods themselves"),
			within("ports[].targetPort", "the same as port, unless clusterIP is None: names lead to the pods themselves"),
			within("ports[].protocol", "to tell ports of one name apart"),
			quiet("ports[].name", "the names have no SRV records"),
			quiet("ports[].appProtocol", "there is nothing between client and pod that could read it"),
			ignored("ports[].nodePort", "no port of the machine is opened: hostPort publishes one"),
			within("clusterIP", "None; an address is ignored, with a warning"),
			ignored("clusterIPs[]", noVirtualAddress, "None", ""),
			ignored("externalIPs", "no address of the machine is routed to a Service: hostPort and hostIP publish a port"),
			ignored("sessionAffinity", "a client chooses among the addresses of the pods itself", "None"),
			ignored("sessionAffinityConfig", "a client chooses among the addresses of the pods itself"),
			ignored("loadBalancerIP", noLoadBalancer),
			ignored("loadBalancerSourceRanges", noLoadBalancer),
			ignored("loadBalancerClass", noLoadBalancer),
			ignored("allocateLoadBalancerNodePorts", noLoadBalancer, "false"),
			ignored("healthCheckNodePort", noLoadBalancer),
			unsupported("externalName", "the project's network has no names for what is outside: use that name itself"),
			quiet("externalTrafficPolicy", oneNode),
			quiet("internalTrafficPolicy", oneNode),
			quiet("trafficDistribution", oneNode),
			ignored("publishNotReadyAddresses", "pods are behind the Service's names whether they are Ready or not", "true"),
			ignored("ipFamilies[]", "names lead to the addresses that the project's network has: IPv4", "IPv4"),
			ignored("ipFamilyPolicy", "names lead to the addresses that the project's network has: IPv4", "SingleStack", "PreferDualStack"),
		}),
		[]Field{quiet("status", "set by an API server")},
	)
}
