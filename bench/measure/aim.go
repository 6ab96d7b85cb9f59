package measure

// Aim is something that is aimed at, and what was measured of it. Reports keep theirs in their JSON, as "aims", for the page that shows all.
type Aim struct {
	What   string   `json:"what"`
	Aim    string   `json:"aim"`
	Figure string   `json:"figure"`
	Met    bool     `json:"met"`
	Behind []string `json:"behind,omitempty"` // where it is missed, or where a peer is better
}

// Judgement is a word for a table.
func (a Aim) Judgement() string {
	if a.Met {
		return "met"
	}
	return "**missed**"
}
