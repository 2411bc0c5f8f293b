/* Freeing of marks. An edge is made by transaction 0 and deleted by transaction 1, which sees it;
   its entry in a block has a create and a delete stamp, its slot a chain of two versions. Stamps and
   versions point to marks; the collector turns stamps into LSNs, cuts the chain, and what was
   unlinked lets go of its mark when its epoch has passed. A waiter has lost against a mark and
   looks at it again after its own view is closed. What the model does is txn/mgr.c, gc.c, adj.c
   (adj_settle) and base/epoch.c.
   The opening of views and the order of unlinking and tagging: chunk.pml.
   Mutants: BADORDER (what transactions leave stands in the order in which they finished), BADREF
   (the waiter does not register with the mark), BADSTAMP (stamps are not settled), BADTAIL (what a
   transaction leaves is freed at once), BADHORIZON (cleaned up before every view sees it). */
#ifndef NR
#define NR 1
#endif
#define NV (2 + NR + 1)          /* views: makers of 0 and 1, readers, the waiter */
#define NONE 255
#define PLAIN 100                /* a stamp that is an LSN, or none: points nowhere */

byte mark[2];                    /* 0: active, else the LSN */
byte refs[2];                    /* owner, version, waiter */
bit freed[2];                    /* the mark */
bit clause_freed[2];             /* what its stamps point to */
byte create = PLAIN, del = PLAIN; /* of the entry: PLAIN, or a transaction */
bit has_entry = 0, dead = 0;     /* dead: deleted for every view */
bit linked[2];                   /* versions, 1 above 0 */
bit version_retired[2], tail_retired[2];
byte version_tag[2], tail_tag[2];
byte tails[2];                   /* what is left behind, first to last; NONE */
byte now = 0, epoch = 1;
byte view[NV], pin[NV];          /* read point and epoch; NONE: closed */

inline open(v, L) { atomic { pin[v] = epoch; L = now; view[v] = L } }
inline close(v) { atomic { view[v] = NONE; pin[v] = NONE } }

inline let_go(t)
{
	assert(refs[t] > 0);
	refs[t]--;
	if
	:: refs[t] == 0 -> freed[t] = 1
	:: else
	fi
}

inline commit(t) { atomic { now++; mark[t] = now } }

/* What t leaves: into the list, then its view is closed. */
inline finish(t)
{
	atomic {
		if
		:: tails[0] == NONE -> tails[0] = t
#ifdef BADORDER
		:: else -> tails[1] = t
#else
		:: tails[0] != NONE && mark[tails[0]] > mark[t] -> tails[1] = tails[0]; tails[0] = t
		:: tails[0] != NONE && mark[tails[0]] < mark[t] -> tails[1] = t
#endif
		fi
	};
	close(t)
}

proctype Maker()
{
	byte L;

	open(0, L);
	atomic { create = 0; has_entry = 1; linked[0] = 1; refs[0] = 2 };
	commit(0);
	finish(0)
}

proctype Deleter()
{
	byte L;

	mark[0] != 0;
	open(1, L);
	atomic { del = 1; linked[1] = 1; refs[1] = 2 };
	commit(1);
	finish(1)
}

/* Stamps are loaded once and followed later; then the chain. */
proctype Reader(byte v)
{
	byte L, c, d;
	bit there, gone;

	open(v, L);
	atomic { c = create; d = del; there = has_entry; gone = dead && mark[1] <= L };
	atomic {
		if
		:: c != PLAIN ->
			assert(!clause_freed[c] && !freed[c]);
			there = mark[c] != 0 && mark[c] <= L
		:: else
		fi;
		c = PLAIN
	};
	atomic {
		if
		:: d != PLAIN ->
			assert(!clause_freed[d] && !freed[d]);
			gone = mark[d] != 0 && mark[d] <= L
		:: else
		fi;
		d = PLAIN;
		assert((there && !gone) == (mark[0] != 0 && mark[0] <= L && !(mark[1] != 0 && mark[1] <= L)));
		there = 0; gone = 0;
		if
		:: linked[1] -> c = 1
		:: !linked[1] && linked[0] -> c = 0
		:: !linked[1] && !linked[0] -> c = PLAIN
		fi
	};
	atomic {
		if
		:: c != PLAIN -> assert(!freed[c])
		:: else
		fi;
		view[v] = NONE; pin[v] = NONE; L = 0; c = PLAIN
	}
}

/* Wants the edge's slot while another transaction has it. */
proctype Waiter(byte v)
{
	byte L, m = PLAIN;

	open(v, L);
	atomic {
		if
		:: linked[1] && mark[1] == 0 -> m = 1
		:: else ->
			if
			:: linked[0] && mark[0] == 0 -> m = 0
			:: else
			fi
		fi;
#ifndef BADREF
		if
		:: m != PLAIN -> refs[m]++
		:: else
		fi
#endif
	};
	close(v);
	if
	:: m != PLAIN ->
		assert(!freed[m]);
		mark[m] != 0;
		assert(!freed[m]);
#ifndef BADREF
		atomic { let_go(m) }
#endif
	:: else
	fi
}

inline settle(t)
{
#ifndef BADSTAMP
	/* An entry that is dead is not found. */
	if
	:: t == 0 && has_entry && !dead && create == 0 -> create = PLAIN
	:: t == 1 && has_entry && !dead && del == 1 -> del = PLAIN; dead = 1
	:: else
	fi
#else
	skip
#endif
}

inline retire_version(t)
{
	if
	:: linked[t] -> linked[t] = 0; version_tag[t] = epoch; version_retired[t] = 1
	:: else
	fi
}

inline free_below(b)
{
	atomic {
		i = 0;
		do
		:: i < 2 ->
			if
			:: version_retired[i] && version_tag[i] < b -> version_retired[i] = 0; let_go(i)
			:: else
			fi;
			if
			:: tail_retired[i] && tail_tag[i] < b && !clause_freed[i] ->
				clause_freed[i] = 1; let_go(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

proctype Collector()
{
	byte h, b, i = 0, t, rounds = 0;

	do
	:: rounds < 3 ->
		atomic {
			h = now;
			b = epoch;
			do
			:: i < NV ->
				if :: view[i] < h -> h = view[i] :: else fi;
				if :: pin[i] < b -> b = pin[i] :: else fi;
				i++
			:: else -> i = 0; break
			od;
#ifdef BADHORIZON
			h = now
#endif
		};
		free_below(b);
		atomic { b = 0; epoch++ };
		do
		:: atomic { tails[0] != NONE && mark[tails[0]] <= h -> t = tails[0]; settle(t) };
			/* the first committed version at or below the horizon, and all below it */
			atomic {
				if
				:: linked[1] && mark[1] != 0 && mark[1] <= h -> retire_version(1)
				:: else
				fi;
				retire_version(0)
			};
			atomic {
				tails[0] = tails[1]; tails[1] = NONE;
#ifdef BADTAIL
				clause_freed[t] = 1; let_go(t);
#else
				tail_tag[t] = epoch; tail_retired[t] = 1;
#endif
				t = 0
			}
		:: atomic { tails[0] == NONE || mark[tails[0]] > h -> break }
		od;
		atomic { rounds++; h = 0 }
	:: else -> break
	od
}

init {
	atomic {
		byte z = 0;
		do
		:: z < NV -> view[z] = NONE; pin[z] = NONE; z++
		:: else -> break
		od;
		tails[0] = NONE; tails[1] = NONE;
		run Maker(); run Deleter(); run Waiter(NV - 1); run Collector();
		z = 0;
		do
		:: z < NR -> run Reader(2 + z); z++
		:: else -> break
		od
	}
}
