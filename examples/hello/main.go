// Command hello is the whole image of podup's first example: a web server that says hello, and from
// where.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// PID 1 of a container has no default signal handlers: without this it would be killed after its
	// grace period.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	server := &http.Server{Addr: ":8080", Handler: http.HandlerFunc(hello), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() {
		log.Print("stopping")
		_ = server.Shutdown(context.WithoutCancel(ctx))
	})
	log.Print("serving on port 8080")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func hello(w http.ResponseWriter, r *http.Request) {
	log.Printf("%s %s", r.Method, r.URL.Path)
	fmt.Fprintf(w, "%s from pod %s at %s\n", os.Getenv("GREETING"), os.Getenv("POD_NAME"), os.Getenv("POD_IP"))
}
