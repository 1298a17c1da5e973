package commit

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func someRecord() *rapid.Generator[Record] {
	bytes := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) []byte {
		if len(b) == 0 {
			return nil
		}
		return b
	})
	return rapid.Custom(func(r *rapid.T) Record {
		return Record{
			TxID: TxID(rapid.Uint64().Draw(r, "txid")), Attempt: Attempt(rapid.Uint64().Draw(r, "attempt")),
			Time: rapid.Int64().Draw(r, "time"), Records: rapid.Uint64().Draw(r, "records"),
			Positions: rapid.MapOfN(rapid.String(), bytes, 0, 5).Draw(r, "positions"), Meta: bytes.Draw(r, "meta"),
		}
	})
}

func TestRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := someRecord().Draw(r, "record")
		b := AppendRecord([]byte("before"), want)
		got, err := DecodeRecord(b[len("before"):])
		require.NoError(r, err)
		require.Equal(r, want, got)
		for i := len("before"); i < len(b); i++ {
			_, err := DecodeRecord(b[len("before"):i])
			require.ErrorIs(r, err, ErrRecord, "cut off after %d bytes", i)
		}
	})
}

func TestDecodedRecordsOwnTheirBytes(t *testing.T) {
	b := AppendRecord(nil, Record{Positions: map[string][]byte{"a": []byte("1")}, Meta: []byte("m")})
	r, err := DecodeRecord(b)
	require.NoError(t, err)
	clear(b)
	require.Equal(t, Record{Positions: map[string][]byte{"a": []byte("1")}, Meta: []byte("m")}, r)
}

func TestDamagedRecordsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"empty":             {nil, "empty"},
		"another version":   {[]byte{2, 1, 1, 0, 0, 0, 0}, "version is 2"},
		"something after":   {[]byte{1, 1, 1, 0, 0, 0, 0, 9}, "1 bytes are left over"},
		"endless number":    {[]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, "txid is cut off or too long"},
		"long meta":         {[]byte{1, 1, 1, 0, 0, 200, 1, 0}, "meta has 200 bytes, 1 are there"},
		"too many":          {[]byte{1, 1, 1, 0, 0, 0, 2, 1, 'a', 0}, "2 positions cannot be in 3 bytes"},
		"a position twice":  {[]byte{1, 1, 1, 0, 0, 0, 2, 1, 'a', 0, 1, 'a', 0}, `position "a" stands after "a"`},
		"not in this order": {[]byte{1, 1, 1, 0, 0, 0, 2, 1, 'b', 0, 1, 'a', 0}, `position "a" stands after "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeRecord(c.b)
			require.ErrorIs(t, err, ErrRecord)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(AppendRecord(nil, Record{}))
	f.Add(AppendRecord(nil, Record{TxID: 1, Attempt: 2, Time: -3, Records: 4, Positions: map[string][]byte{"a": nil, "b": []byte("5")}, Meta: []byte("m")}))
	f.Add([]byte{1, 1, 1, 0, 0, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			require.ErrorIs(t, err, ErrRecord)
			return
		}
		again, err := DecodeRecord(AppendRecord(nil, r))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
