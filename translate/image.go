package translate

import (
	"strings"

	"k8s.io/kubernetes/pkg/util/parsers"
)

// normalImage gives an image reference in full: registry, repository and tag, or digest where it has
// one (the engine ignores a tag beside a digest). Short names are Docker Hub's, as for the container
// runtimes under a kubelet; an engine's own short-name aliases play no part.
func normalImage(image string) (string, error) {
	repository, tag, digest, err := parsers.ParseImageName(image)
	if err != nil {
		return "", err
	}
	if digest != "" {
		return repository + "@" + digest, nil
	}
	return repository + ":" + tag, nil
}

// familiarImage is the shortest form that normalises to the same reference.
func familiarImage(image string) string {
	if short, ok := strings.CutPrefix(image, "docker.io/library/"); ok {
		return short
	}
	if short, ok := strings.CutPrefix(image, "docker.io/"); ok {
		return short
	}
	return image
}
