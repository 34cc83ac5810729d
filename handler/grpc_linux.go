package handler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"k8s.io/kubernetes/pkg/probe"
)

// probeGRPC is kubelet: probe/grpc, whose prober has a dialer of its own.
func probeGRPC(ctx context.Context, in *entered, a action) result {
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	address := net.JoinHostPort(a.PodIP, strconv.Itoa(int(a.GRPC.Port)))
	service := ""
	if a.GRPC.Service != nil {
		service = *a.GRPC.Service
	}
	// A client connects when it is first used, where the kubelet's blocks; passthrough is what its
	// deprecated DialContext does with an address.
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithUserAgent(probeAgent),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return in.dialContext(ctx, "tcp", address)
		}),
	)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = conn.Close() }()
	health := grpc_health_v1.NewHealthClient(conn)
	answer, err := health.Check(metadata.NewOutgoingContext(limited, metadata.MD{}), &grpc_health_v1.HealthCheckRequest{Service: service})
	output := "service healthy"
	switch code := status.Code(err); {
	case err == nil && answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING:
		return probed(ctx, probe.Success, output, nil)
	case err == nil:
		output = fmt.Sprintf("service unhealthy (responded with %q)", answer.GetStatus())
	case code == codes.Unimplemented:
		output = fmt.Sprintf("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): %s", status.Convert(err).Message())
	case code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded):
		output = fmt.Sprintf("timeout: health rpc did not complete within %v", a.Timeout)
	case code == codes.Unavailable:
		output = fmt.Sprintf("error: failed to connect service at %q: %s", address, status.Convert(err).Message())
	default:
		output = fmt.Sprintf("error: health rpc probe failed: %v", err)
	}
	return probed(ctx, probe.Failure, output, nil)
}
