"""When to poll what: cadence, states and pace as pure functions; the daemon and its few ticks.

decide      a finished poll -> the feed's next row  (cadence, news_rate, backoff, states, moves)
decider     the same for the pipeline, with an eye on our own network  (outage)
politeness  the gate in front of every request to a site
daemon      ticks, claims, polls as tasks  (run, clockwork, access, flights, pipelines, pace)
watchdog    looks at the daemon from outside  (ticks, notify)
simulate    what other settings would have done
"""
