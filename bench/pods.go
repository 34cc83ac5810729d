package main

import (
	"fmt"
	"strings"
)

// nginxImage is the one of examples/nginx-blog; nginxRecipe makes it where no registry answers.
const (
	nginxImage  = "docker.io/library/nginx:1.26"
	nginxRecipe = "nginx" // of examples/images
)

// page is what is asked for. The app is the program of the test image, as one that writes a line for each
// request would measure conmon, which has to copy it.
const page = "/200?size=1024"

// configDir is where nginx.conf lies in every nginx.
const configDir = "/etc/podup-bench"

// nginxConf differs in its addresses alone. There is one worker, as it would be chance how connections
// spread over several.
func nginxConf(listen, upstream string) string {
	return fmt.Sprintf(`user nginx;
worker_processes 1;
error_log stderr warn;
pid /run/nginx.pid;
events {
  worker_connections 1024;
}
http {
  access_log off;
  keepalive_requests 1000000;
  upstream app {
    server %s;
    keepalive 32;
    keepalive_requests 1000000;
  }
  server {
    listen %s;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`, upstream, listen)
}

// onePod is nginx and the app in one pod. more are fields of the pod and of nginx.
func onePod(name string, front, back int, morePod, moreNginx string) string {
	return nginxPod(name, nginxConf(fmt.Sprint(front), local(back)), morePod, moreNginx) + appContainer(back)
}

// twoPods are the app in a pod behind a Service, and nginx in another, which knows the name of the Service.
func twoPods(name string, front, back int) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: %[1]s-app}
spec:
  selector: {app: %[1]s}
  ports: [{port: %[2]d}]
---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s-back, labels: {app: %[1]s}}
spec:
  terminationGracePeriodSeconds: 5
  containers:
`, name, back) + appContainer(back) + "---\n" + nginxPod(name, nginxConf(fmt.Sprint(front), fmt.Sprintf("%s-app:%d", name, back)), "", "")
}

func nginxPod(name, config, morePod, moreNginx string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: ConfigMap
metadata: {name: %[1]s}
data:
  nginx.conf: |
    %[2]s
---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s}
spec:
  terminationGracePeriodSeconds: 5
  volumes: [{name: config, configMap: {name: %[1]s}}]
  %[3]s
  containers:
  - name: nginx
    image: %[5]s
    command: [nginx, -e, stderr, -c, %[6]s/nginx.conf, -g, daemon off;]
    volumeMounts: [{name: config, mountPath: %[6]s}]
    %[4]s
`, name, strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n    "), morePod, moreNginx, nginxImage, configDir)
}

func appContainer(port int) string {
	return fmt.Sprintf("  - name: app\n    image: %s:1\n    args: [web, \"%d\", then, sleep, forever]\n", image, port)
}
