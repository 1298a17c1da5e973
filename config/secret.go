package config

import (
	"errors"
	"fmt"
	"io"
)

const masked = "[secret]"

// Secret is a text that never prints, such as a password or a token: however it is
// formatted, logged or marshalled, it is "[secret]", or empty when it is unset. Only Reveal
// returns it. The zero Secret is unset. It can't be compared with ==.
type Secret struct {
	_ [0]func() // == would compare the pointers
	// A pointer, since fmt and debug printers that meet a Secret in an unexported field
	// can't call its methods and show what it consists of.
	value *string
}

// NewSecret returns the secret that the text is; for the empty text an unset one.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{value: &text}
}

// Reveal returns the text itself, empty when the secret is unset. Call it where the text is used,
// and keep it nowhere.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is unset.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns "[secret]", or "" when s is unset.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// Format writes what String returns, whatever the verb: without it %d would show the fields.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns what String does. JSON, YAML, XML and loggers go by it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText makes s the secret that the text is. It returns an error for "[secret]",
// which is what a secret was printed as and not itself.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == masked {
		return errors.New("it is a placeholder that stands for a secret, not the secret itself")
	}
	*s = NewSecret(string(text))
	return nil
}
