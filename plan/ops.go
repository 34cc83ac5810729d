package plan

import "fmt"

func (PullImage) op()       {}
func (CreateNetwork) op()   {}
func (CreateSecret) op()    {}
func (CreateVolume) op()    {}
func (WriteVolume) op()     {}
func (CreatePod) op()       {}
func (StartPod) op()        {}
func (HoldVolumes) op()     {}
func (CreateContainer) op() {}
func (RunPod) op()          {}
func (RunInit) op()         {}
func (ResizeContainer) op() {}
func (StartContainer) op()  {}
func (StopContainer) op()   {}
func (RenameContainer) op() {}
func (RemoveContainer) op() {}
func (StopPod) op()         {}
func (RemovePod) op()       {}
func (RemoveVolume) op()    {}
func (RemoveSecret) op()    {}
func (RemoveNetwork) op()   {}

func (o PullImage) String() string     { return "pull image/" + o.Image }
func (o CreateNetwork) String() string { return "create network/" + o.Network.Name }
func (o CreateSecret) String() string  { return "create secret/" + o.Secret.Name }
func (o CreateVolume) String() string  { return "create volume/" + o.Volume.Name }
func (o WriteVolume) String() string   { return "write volume/" + o.Volume.Name }
func (o CreatePod) String() string     { return "create pod/" + o.Pod.Name }
func (o StartPod) String() string      { return "start pod/" + o.Pod }
func (o HoldVolumes) String() string   { return "hold volumes of pod/" + o.Pod.Name }
func (o CreateContainer) String() string {
	return "create container/" + o.Name
}
func (o RunPod) String() string  { return "run pod/" + o.Pod.Name }
func (o RunInit) String() string { return "run container/" + o.Name }
func (o ResizeContainer) String() string {
	return "resize container/" + o.Name
}
func (o StartContainer) String() string { return "start container/" + o.Name }
func (o StopContainer) String() string {
	if o.Grace < 0 {
		return "stop container/" + o.Name
	}
	return fmt.Sprintf("stop container/%s within %s", o.Name, o.Grace)
}
func (o RenameContainer) String() string {
	return "rename container/" + o.From + " to " + o.To
}
func (o RemoveContainer) String() string { return "remove container/" + o.Name }
func (o StopPod) String() string {
	if o.Grace < 0 {
		return "stop pod/" + o.Pod
	}
	return fmt.Sprintf("stop pod/%s within %s", o.Pod, o.Grace)
}
func (o RemovePod) String() string {
	if o.Grace < 0 {
		return "remove pod/" + o.Pod
	}
	return fmt.Sprintf("remove pod/%s within %s", o.Pod, o.Grace)
}
func (o RemoveVolume) String() string  { return "remove volume/" + o.Name }
func (o RemoveSecret) String() string  { return "remove secret/" + o.Name }
func (o RemoveNetwork) String() string { return "remove network/" + o.Name }
