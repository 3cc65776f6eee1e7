package deploytest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// objects are the Kubernetes objects of the manifests, decoded into the API's own
// types.
type objects struct {
	configs  map[string]*corev1.ConfigMap
	secrets  map[string]*corev1.Secret
	claims   map[string]*corev1.PersistentVolumeClaim
	services []*corev1.Service
	sets     []*appsv1.StatefulSet
}

// add decodes one document. Unknown, repeated or mistyped members are errors, as
// are unexpected kinds.
func (o *objects) add(text []byte) error {
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(text, &head); err != nil {
		return err
	}
	switch head.APIVersion + " " + head.Kind {
	case "v1 ConfigMap":
		v, err := strict[corev1.ConfigMap](text)
		o.configs[v.Name] = v
		return err
	case "v1 Secret":
		v, err := strict[corev1.Secret](text)
		o.secrets[v.Name] = v
		return err
	case "v1 PersistentVolumeClaim":
		v, err := strict[corev1.PersistentVolumeClaim](text)
		o.claims[v.Name] = v
		return err
	case "v1 Service":
		v, err := strict[corev1.Service](text)
		o.services = append(o.services, v)
		return err
	case "apps/v1 StatefulSet":
		v, err := strict[appsv1.StatefulSet](text)
		o.sets = append(o.sets, v)
		return err
	}
	return &unexpected{head.APIVersion + " " + head.Kind}
}

type unexpected struct{ what string }

func (u *unexpected) Error() string { return "unexpected " + u.what }

func strict[T any](text []byte) (*T, error) {
	v := new(T)
	return v, yaml.UnmarshalStrict(text, v)
}

// manifests reads everything below deploy/kubernetes.
func manifests(t *testing.T) *objects {
	t.Helper()
	o := &objects{configs: map[string]*corev1.ConfigMap{}, secrets: map[string]*corev1.Secret{}, claims: map[string]*corev1.PersistentVolumeClaim{}}
	var paths []string
	for _, pattern := range []string{"kubernetes/*.yaml", "kubernetes/example/*.yaml"} {
		found, err := filepath.Glob(deploy + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			if err := o.add([]byte(document)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if len(o.sets) != 1 || len(o.services) != 1 || t.Failed() {
		t.Fatalf("%d sets, %d services", len(o.sets), len(o.services))
	}
	return o
}

func TestPodIsFoundAndProbed(t *testing.T) {
	o := manifests(t)
	set, service := o.sets[0], o.services[0]
	pod, main := set.Spec.Template, set.Spec.Template.Spec.Containers[0]
	if *set.Spec.Replicas != 1 {
		t.Errorf("%d replicas of a store with one writer", *set.Spec.Replicas)
	}
	for name, selector := range map[string]map[string]string{"the set": set.Spec.Selector.MatchLabels, "the service": service.Spec.Selector} {
		if len(selector) == 0 || !maps.Equal(selector, pod.Labels) {
			t.Errorf("%s selects %v, the pod has %v", name, selector, pod.Labels)
		}
	}
	if set.Spec.ServiceName != service.Name || len(main.Ports) != 1 || service.Spec.Ports[0].TargetPort.StrVal != main.Ports[0].Name {
		t.Errorf("the service %+v does not lead to the port %+v", service.Spec.Ports, main.Ports)
	}
	for name, probe := range map[string]*corev1.Probe{"/healthz startup": main.StartupProbe, "/healthz": main.LivenessProbe, "/readyz": main.ReadinessProbe} {
		path, _, _ := strings.Cut(name, " ")
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != main.Ports[0].Name || probe.HTTPGet.Scheme != corev1.URISchemeHTTPS {
			t.Errorf("probe %s: %+v", name, probe)
		}
	}
}

func TestPodHasNoRightsAndBoundedMemory(t *testing.T) {
	spec := manifests(t).sets[0].Spec.Template.Spec
	main := spec.Containers[0]
	if s := spec.SecurityContext; s == nil || !*s.RunAsNonRoot || *s.RunAsUser != 65532 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod runs as %+v", s)
	}
	if s := main.SecurityContext; s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		t.Errorf("the container may %+v", s)
	}
	if *spec.AutomountServiceAccountToken {
		t.Error("the pod gets a token for the cluster, which it never needs")
	}
	if got := main.Resources.Limits.Memory().Value(); got != 4_800_000_000 { // 1.2 × limits.memory_ceiling, as with systemd
		t.Errorf("memory is limited to %d bytes", got)
	}
	if main.Resources.Requests.Cpu().IsZero() || main.Resources.Requests.Memory().IsZero() {
		t.Errorf("requests %v", main.Resources.Requests)
	}
}

// TestMountsLeadToWhatIsThere follows each mount to its volume and its object.
func TestMountsLeadToWhatIsThere(t *testing.T) {
	o := manifests(t)
	spec := o.sets[0].Spec.Template.Spec
	mounted := map[string]string{} // volume to path
	for _, m := range spec.Containers[0].VolumeMounts {
		mounted[m.Name] = m.MountPath
	}
	for _, v := range spec.Volumes {
		var ok bool
		switch {
		case v.PersistentVolumeClaim != nil:
			_, ok = o.claims[v.PersistentVolumeClaim.ClaimName]
		case v.ConfigMap != nil:
			_, ok = o.configs[v.ConfigMap.Name]
		case v.Secret != nil:
			_, ok = o.secrets[v.Secret.SecretName]
		case v.EmptyDir != nil:
			ok = true
		}
		if !ok || mounted[v.Name] == "" {
			t.Errorf("volume %s is mounted at %q, its source is there: %v", v.Name, mounted[v.Name], ok)
		}
		delete(mounted, v.Name)
	}
	if len(mounted) > 0 {
		t.Errorf("mounts of no volume: %v", mounted)
	}
}

func TestMistakesInManifestsAreFound(t *testing.T) {
	for name, text := range map[string]string{
		"unknown member": "apiVersion: v1\nkind: Service\nspec: {selektor: {a: b}}",
		"wrong type":     "apiVersion: v1\nkind: Service\nspec: {ports: [{port: https}]}",
		"given twice":    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nmetadata: {name: b}",
		"unknown kind":   "apiVersion: v1\nkind: Servise",
	} {
		if err := new(objects).add([]byte(text)); err == nil {
			t.Errorf("%s: found nothing", name)
		}
	}
}
