package cli

// verbs are all that gale has, in the order of its help.
func (s *session) verbs() []*verb {
	all := []*verb{
		devVerb(), natsVerb(), nimbusVerb(), supervisorVerb(), drainVerb(),
		submitVerb(), killVerb(), activateVerb(), deactivateVerb(), rebalanceVerb(),
		stateVerb(), queryVerb(),
		listVerb(), describeVerb(), workersVerb(), topVerb(), logsVerb(), errorsVerb(), supervisorsVerb(), statusVerb(),
		versionVerb(), completionVerb(),
	}
	return append(all, completeVerb(s))
}
