/* A snapshot beside writers and the collector: two chunks, saved one after the other under one read
   point, the epoch renewed after each. A chunk has a table that is replaced and retired, and
   versions that are cut at the horizon: cut[c] is the LSN up to which they are gone. What the model
   does is snapshot/save.c, store/image.c, base/epoch.c. With -DLEAVEOUT the horizon of a chunk leaves
   out a snapshot that has finished it (transactions.md, section 6).
   Mutants: BADLSN (the read point is renewed with the epoch), BADKEEP (the next chunk's table is
   loaded before the epoch is renewed), BADRENEW (renewed in the middle of a chunk), with LEAVEOUT:
   BADENDS (a finished chunk is looked at again, for endpoints), BADFINISHED (a chunk counts as
   finished when it is begun). */
#define NCH 2
#ifndef COMMITS
#define COMMITS 2
#endif
#define NT (1 + COMMITS)
#define NONE 255

byte now = 0, epoch = 1;
byte cut[NCH];
byte table[NCH];                 /* the one in use; each commit replaces one */
bit retired[NCH * NT], freed[NCH * NT];
byte tag[NCH * NT];
byte view = NONE, pin = NONE;
byte n_finished = 0;

#define T(c, k) ((c) * NT + (k))

proctype Writer()
{
	byte c, k = 0, t;

	do
	:: k < COMMITS ->
		k++;
		if :: c = 0 :: c = 1 fi;
		atomic { t = T(c, table[c]); table[c] = k };
		tag[t] = epoch;
		retired[t] = 1;
		atomic { now++; t = 0; c = 0 }
	:: else -> break
	od
}

proctype Snapshot()
{
	byte c = 0, L, first, t, e;

	e = epoch;
	atomic { pin = e; view = 0; e = 0 };
	L = now;
	atomic { view = L; first = L };
	t = T(0, table[0]);
	do
	:: c < NCH ->
#ifdef BADFINISHED
		n_finished = c + 1;
#endif
#ifdef BADKEEP
		skip;
#else
		t = T(c, table[c]);
#endif
#ifdef BADRENEW
		e = epoch;
		atomic { pin = e; e = 0 };
#endif
		assert(!freed[t]);              /* gather */
		assert(cut[c] <= first);        /* walk: what the view needs is there */
		assert(L == first);
#ifdef BADENDS
		if
		:: c > 0 -> assert(cut[0] <= first)
		:: else
		fi;
#endif
#ifndef BADFINISHED
		n_finished = c + 1;
#endif
		c++;
#ifdef BADKEEP
		if
		:: c < NCH -> t = T(c, table[c])
		:: else
		fi;
#endif
		e = epoch;                      /* a stale one is only more careful */
		atomic { pin = e; e = 0 };
#ifdef BADLSN
		L = now;
		view = L
#endif
	:: else -> break
	od;
	atomic { view = NONE; pin = NONE; n_finished = 0; L = 0; first = 0; t = 0; c = 0 }
}

proctype Collector()
{
	byte h, b, i = 0, r = 0, all;

	do
	:: r < 3 ->
		all = now;
		b = epoch;
		atomic {
			if :: pin < b -> b = pin :: else fi;
			h = all;
			if :: view < h -> h = view :: else fi
		};
		atomic {
			do
			:: i < NCH * NT -> if :: retired[i] && tag[i] < b -> freed[i] = 1 :: else fi; i++
			:: else -> i = 0; break
			od
		};
		epoch++;
		do
		:: i < NCH -> atomic {
#ifdef LEAVEOUT
			if
			:: n_finished > i -> if :: cut[i] < all -> cut[i] = all :: else fi
			:: else -> if :: cut[i] < h -> cut[i] = h :: else fi
			fi;
#else
			if :: cut[i] < h -> cut[i] = h :: else fi;
#endif
			i++ }
		:: else -> i = 0; break
		od;
		atomic { r++; h = 0; b = 0; all = 0 }
	:: else -> break
	od
}

init { atomic { run Writer(); run Snapshot(); run Collector() } }
