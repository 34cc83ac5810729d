package podmanapi

import (
	"errors"
	"strings"
	"testing"
)

func TestAnExhaustedKeyQuotaIsExplained(t *testing.T) {
	quota := &Error{"start container/web-app", 500, "unable to start container \"3345\": crun: join keyctl `3345`: Disk quota exceeded: OCI runtime error"}
	if text := explainKeys(quota).Error(); !strings.Contains(text, "keyring = false") || !strings.Contains(text, "kernel.keys.maxkeys") || !strings.Contains(text, quota.Message) {
		t.Error(text)
	}
	disk := &Error{"start container/web-app", 500, "write /var/lib: disk quota exceeded"}
	if err := explainKeys(disk); !errors.Is(err, disk) {
		t.Errorf("a full disk is explained: %v", err)
	}
}
