package sql

import (
	"slices"
	"strings"
)

// keywordClass tells where a keyword may stand as a plain name. The classes and
// their members are PostgreSQL 17's; a word's class decides what an application
// written for PostgreSQL may call its columns, so none may be changed lightly.
type keywordClass uint8

const (
	// notKeyword: an ordinary identifier.
	notKeyword keywordClass = iota
	// unreserved: a name anywhere.
	unreserved
	// colName: a name of a column or table, but not of a function or type.
	colName
	// typeFunc: a name of a function or type, but not of a column or table.
	typeFunc
	// reserved: a name only behind AS or when quoted.
	reserved
)

// keyword is the class of a word and whether it needs AS to be the label of a
// select item.
type keyword struct {
	class keywordClass
	// needsAs: SELECT 1 year is refused, SELECT 1 AS year is not.
	needsAs bool
	// notAlias: the word starts an extension of the grammar right behind a
	// table, so that it can be a table alias only behind AS. Without this
	// "a ASOF JOIN b" would silently be a plain join of a table called asof.
	notAlias bool
}

const reservedWords = `
	all analyse analyze and any array as asc asymmetric both case cast check collate column constraint
	create current_catalog current_date current_role current_time current_timestamp current_user default
	deferrable desc distinct do else end except false fetch for foreign from grant group having in
	initially intersect into lateral leading limit localtime localtimestamp not null offset on only or
	order placing primary references returning select session_user some symmetric system_user table then
	to trailing true union unique user using variadic when where window with
`

const colNameWords = `
	between bigint bit boolean char character coalesce dec decimal exists extract float greatest
	grouping inout int integer interval json json_array json_arrayagg json_exists json_object
	json_objectagg json_query json_scalar json_serialize json_table json_value least merge_action
	national nchar none normalize nullif numeric out overlay position precision real row setof smallint
	substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists
	xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
`

const typeFuncWords = `
	authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull
	join left like natural notnull outer overlaps right similar tablesample verbose
`

const unreservedWords = `
	abort absent absolute access action add admin after aggregate also alter always asensitive assertion
	assignment at atomic attach attribute backward before begin breadth by cache call called cascade
	cascaded catalog chain characteristics checkpoint class close cluster columns comment comments
	commit committed compression conditional configuration conflict connection constraints content
	continue conversion copy cost csv cube current cursor cycle data database day deallocate declare
	defaults deferred definer delete delimiter delimiters depends depth detach dictionary disable
	discard document domain double drop each empty enable encoding encrypted enum error escape event
	exclude excluding exclusive execute explain expression extension external family filter finalize
	first following force format forward function functions generated global granted groups handler
	header hold hour identity if immediate immutable implicit import include including increment indent
	index indexes inherit inherits inline input insensitive insert instead invoker isolation keep key
	keys label language large last leakproof level listen load local location lock locked logged mapping
	match matched materialized maxvalue merge method minute minvalue mode month move name names nested
	new next nfc nfd nfkc nfkd no normalized nothing notify nowait nulls object of off oids old omit
	operator option options ordinality others over overriding owned owner parallel parameter parser
	partial partition passing password path plan plans policy preceding prepare prepared preserve prior
	privileges procedural procedure procedures program publication quote quotes range read reassign
	recheck recursive ref referencing refresh reindex relative release rename repeatable replace replica
	reset restart restrict return returns revoke role rollback rollup routine routines rows rule
	savepoint scalar schema schemas scroll search second security sequence sequences serializable server
	session set sets share show simple skip snapshot source sql stable standalone start statement
	statistics stdin stdout storage stored strict string strip subscription support sysid system tables
	tablespace target temp template temporary text ties transaction transform trigger truncate trusted
	type types uescape unbounded uncommitted unconditional unencrypted unknown unlisten unlogged until
	update vacuum valid validate validator value varying version view views volatile whitespace within
	without work wrapper write xml year yes zone
`

// needsAsWords are keywords of any class that cannot be a label without AS.
const needsAsWords = `
	array as char character create day except fetch filter for from grant group having hour intersect
	into isnull limit minute month notnull offset on order over overlaps precision returning second to
	union varying where window with within without year
`

// extensionWords start clauses that PostgreSQL does not have. They stay ordinary
// names everywhere but as an alias without AS.
const extensionWords = `
	asof fill qualify sample
`

var keywords = buildKeywords()

func buildKeywords() map[string]keyword {
	m := make(map[string]keyword, 512)
	for class, words := range map[keywordClass]string{
		reserved: reservedWords, colName: colNameWords, typeFunc: typeFuncWords, unreserved: unreservedWords,
	} {
		for _, w := range strings.Fields(words) {
			m[w] = keyword{class: class}
		}
	}
	for _, w := range strings.Fields(needsAsWords) {
		k := m[w]
		k.needsAs = true
		m[w] = k
	}
	for _, w := range strings.Fields(extensionWords) {
		m[w] = keyword{class: unreserved, needsAs: true, notAlias: true}
	}
	return m
}

// Keyword is a word of the grammar, as pg_get_keywords describes it.
type Keyword struct {
	Word string
	// Category says where the word may be a name: U anywhere, C not of a function or type, T of a function or type only, R nowhere.
	Category byte
	// BareLabel says that it may be the label of a select item without AS.
	BareLabel bool
}

// Keywords lists the words of the grammar in order.
func Keywords() []Keyword {
	categories := [...]byte{unreserved: 'U', colName: 'C', typeFunc: 'T', reserved: 'R'}
	list := make([]Keyword, 0, len(keywords))
	for w, k := range keywords {
		list = append(list, Keyword{w, categories[k.class], !k.needsAs})
	}
	slices.SortFunc(list, func(a, b Keyword) int { return strings.Compare(a.Word, b.Word) })
	return list
}

// keywordTable is a hash table for the lexer, which looks up every word: half
// the time of the map. Its size leaves three of four slots empty.
var keywordTable = buildKeywordTable()

const keywordSlots = 2048

type keywordSlot struct {
	word string
	kw   keyword
}

func buildKeywordTable() (t [keywordSlots]keywordSlot) {
	for w, k := range keywords {
		i := keywordHash(w)
		for t[i].word != "" {
			i = (i + 1) % keywordSlots
		}
		t[i] = keywordSlot{w, k}
	}
	return t
}

// keywordHash mixes the length and three letters of a word that is not empty.
func keywordHash[W string | []byte](w W) uint32 {
	n := len(w)
	h := uint32(n) | uint32(w[0])<<5 | uint32(w[n/2])<<13 | uint32(w[n-1])<<21
	return h * 0x9E3779B1 >> 21
}

// lookupKeyword gives the class of a folded word.
func lookupKeyword(w string) keyword {
	if len(w) > maxKeyword {
		return keyword{}
	}
	return findKeyword(w).kw
}

// findKeyword gives a folded word's slot, an empty one if it is no keyword.
func findKeyword[W string | []byte](w W) *keywordSlot {
	for i := keywordHash(w); ; i = (i + 1) % keywordSlots {
		s := &keywordTable[i]
		if s.word == string(w) || s.word == "" {
			return s
		}
	}
}
