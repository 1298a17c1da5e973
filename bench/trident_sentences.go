package main

import (
	"iter"
	"strings"
)

// sentences are what the word counts of trident count, over and over: those of the programs that other engines were measured with.
var sentences = []string{
	"the cow jumped over the moon",
	"an apple a day keeps the doctor away",
	"four score and seven years ago",
	"snow white and the seven dwarfs",
	"i am at two with nature",
	"to be or not to be the person",
	"how many apples can you eat",
	"the man went to the store and bought some candy",
}

// sentenceAt is the sentence of a number, from 0.
func sentenceAt(n int64) string { return sentences[n%int64(len(sentences))] }

// wordsOf are the words of a sentence.
func wordsOf(n int64) iter.Seq[string] { return strings.FieldsSeq(sentenceAt(n)) }

// sentencesOf returns how many of the first sentences have so many words together; -1 when that is none.
func sentencesOf(words int64) (n int64) {
	cycle := int64(0)
	for i := range sentences {
		cycle += wordsIn(sentences[i])
	}
	n = words / cycle * int64(len(sentences))
	for words %= cycle; words > 0; n++ {
		words -= wordsIn(sentenceAt(n))
	}
	if words < 0 {
		return -1
	}
	return n
}

// wordsIn counts the words of a sentence without looking for them.
func wordsIn[T string | []byte](sentence T) (n int64) {
	n = 1
	for i := range len(sentence) {
		if sentence[i] == ' ' {
			n++
		}
	}
	return n
}

// frequentWord is in the sentences.
const frequentWord = "the"

// addWords adds to counts what the first n sentences come to.
func addWords(counts map[string]int64, n int64) {
	cycles := int64(len(sentences))
	for i := range cycles {
		times := n / cycles
		if i < n%cycles {
			times++
		}
		for word := range wordsOf(i) {
			if times > 0 {
				counts[word] += times
			}
		}
	}
}
