package tsbs

import (
	"fmt"
	"math/rand/v2"
)

// Fields are the columns of values, all bigint.
var Fields = [...]string{
	"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait",
	"usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
}

// Tags are the columns that name a host, all text.
var Tags = [...]string{
	"hostname", "region", "datacenter", "rack", "os", "arch", "team", "service", "service_version", "service_environment",
}

// Host is the values of Tags of one host.
type Host [len(Tags)]string

// Name is the host's name, which is what queries ask for.
func (h Host) Name() string { return h[0] }

var (
	regions = []struct {
		name  string
		zones string // the letters of its datacenters
	}{
		{"us-east-1", "abce"},
		{"us-west-1", "ab"},
		{"us-west-2", "abc"},
		{"eu-west-1", "abc"},
		{"eu-central-1", "ab"},
		{"ap-southeast-1", "ab"},
		{"ap-southeast-2", "ab"},
		{"ap-northeast-1", "ac"},
		{"sa-east-1", "abc"},
	}
	systems      = []string{"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"}
	archs        = []string{"x64", "x86"}
	teams        = []string{"SF", "NYC", "LON", "CHI"}
	environments = []string{"production", "staging", "test"}
)

func newHost(n int, r *rand.Rand) Host {
	region := regions[r.IntN(len(regions))]
	return Host{
		fmt.Sprintf("host_%d", n),
		region.name,
		region.name + string(region.zones[r.IntN(len(region.zones))]),
		fmt.Sprint(r.IntN(100)),
		systems[r.IntN(len(systems))],
		archs[r.IntN(len(archs))],
		teams[r.IntN(len(teams))],
		fmt.Sprint(r.IntN(20)),
		fmt.Sprint(r.IntN(2)),
		environments[r.IntN(len(environments))],
	}
}
