package scram

import (
	"strings"
	"testing"
)

// TestRFC is the exchange that RFC 7677 prints.
func TestRFC(t *testing.T) {
	salt := []byte{0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81}
	v, err := derive("pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	e := NewExchange(v, nil, false)
	if _, err := e.First([]byte("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")); err != nil {
		t.Fatal(err)
	}
	// Our nonce is random: put the RFC's in its place.
	e.nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	e.serverFirst = "r=" + e.nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	final := "c=biws,r=" + e.nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	answer, ok, err := e.Final([]byte(final))
	if err != nil || !ok || string(answer) != "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" {
		t.Errorf("%q, %v, %v", answer, ok, err)
	}
	if _, ok, _ := e.Final([]byte(final)); ok {
		t.Error("the same proof was taken twice")
	}
}

func TestVerifier(t *testing.T) {
	v, err := New("pässwörd")
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(v.String())
	if err != nil || back.String() != v.String() {
		t.Fatalf("%v, %v", back, err)
	}
	if !back.Check("pässwörd") || back.Check("passwörd") || back.Check("") {
		t.Error("the password is not told from others")
	}
	other, err := New("pässwörd")
	if err != nil || other.String() == v.String() {
		t.Error("two verifiers have one salt")
	}
	for _, wrong := range []string{"", "secret", "SCRAM-SHA-256$", v.String() + "x", strings.Replace(v.String(), "4096", "0", 1), strings.Replace(v.String(), "4096", "99999999", 1)} {
		if Is(wrong) {
			t.Errorf("%q is taken for a verifier", wrong)
		}
	}
}

func TestMock(t *testing.T) {
	secret := []byte("secret")
	a, b := Mock(secret, "a"), Mock(secret, "b")
	if a.String() != Mock(secret, "a").String() || a.String() == b.String() || !Is(a.String()) {
		t.Error("a user that is not there is told from one that is")
	}
	if a.Check("") || a.Check("a") {
		t.Error("it has a password")
	}
}

func TestRefused(t *testing.T) {
	v, err := New("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []string{"", "n", "n,,", "n,,n=,", "n,,n=u,r=", "n,,n=u,r=a b cdefgh", "n,a=u,n=u,r=abcdefghijk", "p=tls-unique,,n=u,r=abcdefghijk"} {
		if _, err := NewExchange(v, nil, false).First([]byte(first)); err == nil {
			t.Errorf("%q was taken", first)
		}
	}
	if _, err := NewExchange(v, []byte("cert"), false).First([]byte("y,,n=u,r=abcdefghijk")); err == nil {
		t.Error("a downgrade was not noticed")
	}
	if _, err := NewExchange(v, []byte("cert"), true).First([]byte("n,,n=u,r=abcdefghijk")); err == nil {
		t.Error("PLUS went without binding")
	}
	e := NewExchange(v, nil, false)
	if _, err := e.First([]byte("n,,n=u,r=abcdefghijk")); err != nil {
		t.Fatal(err)
	}
	for _, final := range []string{"", "c=biws,r=other,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "c=biws,r=" + e.nonce + ",p=", "c=eSws,r=" + e.nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="} {
		if _, ok, err := e.Final([]byte(final)); ok || err == nil {
			t.Errorf("%q was taken", final)
		}
	}
	if _, ok, err := e.Final([]byte("c=biws,r=" + e.nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")); ok || err != nil {
		t.Errorf("a wrong proof: %v, %v", ok, err)
	}
}
