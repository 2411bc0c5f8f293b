/* Entries of an index: one node, one key, values 1 and 2; writers, the collector, the filler of a new
   index, a reader of a range. `pair[v]` says whether the pair (v, node) is in the index. What the
   model does is store/index.c and gc.c: pairs are added before the value, a pair is removed only
   when neither the value in place nor an entry of the chain has the value, all under the chunk's
   latch; a reader counts a hit when the value that it sees is the pair's.
   Versions themselves, their epochs and the opening of views: chunk.pml.
   Mutants: BADINPLACE (removal looks at the value in place only), BADCHAIN (the filler leaves the
   chain out), BADREADY (ready before the filler is through), BADLIST (the writer looks for indexes
   before it has the latch), BADRANGE (a hit counts when the value seen is in the range). */
#ifndef NW
#define NW 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define NR 1
#define NE (2 * NW)
#define ABORTED 99
#define NONE 255

typedef Entry { byte m; byte old; bit linked; bit undone }
Entry E[NE];                    /* in the order in which they were pushed */
byte ne = 0;
byte mark[NW];                  /* 0 active, ABORTED, or the LSN */
byte val = 1;
bit pair[3];
bit registered = 0;
byte ready = NONE;
byte now = 0;                   /* last LSN; at once durable */
byte hist[NW + 2];              /* the value at each LSN */
byte view[NR + NW];             /* read points; NONE: closed */
bit latch = 0;

inline lock() { atomic { !latch -> latch = 1 } }
#define unlock latch = 0

/* Whether v is in place or in an entry. Under the latch. */
inline look_for(v)
{
	in_use = val == v;
#ifndef BADINPLACE
	i = 0;
	do
	:: i < ne -> in_use = in_use || (E[i].linked && E[i].old == v); i++
	:: else -> break
	od;
	i = 0
#endif
}

inline drop(v)
{
	look_for(v);
	if
	:: !in_use && registered -> pair[v] = 0
	:: else
	fi;
	in_use = 0
}

/* First updater wins; the newest entry that is not aborted. */
inline check(me, L)
{
	d_step {
		i = ne; lost = 0;
		do
		:: i > 0 && (!E[i - 1].linked || mark[E[i - 1].m] == ABORTED) -> i--
		:: else -> break
		od;
		if
		:: i > 0 && E[i - 1].m != me && (mark[E[i - 1].m] == 0 || mark[E[i - 1].m] > L) ->
			lost = 1
		:: else
		fi;
		i = 0
	}
}

inline write(me, L, v)
{
#ifdef BADLIST
	seen = registered;
#endif
	atomic {
		!latch -> skip;
		check(me, L);
		if
		:: lost -> seen = 0
		:: else ->
			latch = 1;
#ifndef BADLIST
			seen = registered;
#endif
			if
			:: seen -> pair[v] = 1
			:: else
			fi
		fi
	};
	if
	:: lost
	:: else ->
		d_step { E[ne].m = me; E[ne].old = val; E[ne].linked = 1; ne++ };
		atomic { val = v; latch = 0; seen = 0 }
	fi
}

/* Newest first; the entries stay. */
inline take_back(me)
{
	do
	:: atomic { !latch -> k = ne;
		do
		:: k > 0 && (E[k - 1].m != me || E[k - 1].undone) -> k--
		:: else -> break
		od;
		if
		:: k == 0 -> break
		:: else -> latch = 1; x = val; val = E[k - 1].old; E[k - 1].undone = 1
		fi };
		d_step { drop(x); x = 0; k = 0; latch = 0 }
	od
}

proctype Writer(byte me)
{
	byte L, i = 0, k = 0, x = 0, v;
	bit lost = 0, in_use = 0, seen = 0;

	atomic { L = now; view[NR + me] = L };
	select(v : 1 .. 2);
	write(me, L, v);
	if
	:: lost -> goto abort
	:: else
	fi;
	if
	:: me == 0 -> select(v : 1 .. 2); write(me, L, v)
	:: skip
	fi;
	if
	:: !lost ->
		atomic { now++; hist[now] = val; mark[me] = now };
		goto out
	:: skip
	fi;
abort:
	take_back(me);
	mark[me] = ABORTED;
out:
	atomic { view[NR + me] = NONE; L = 0; v = 0; lost = 0; k = 0 }
}

proctype Filler()
{
	byte i = 0;

	registered = 1;
#ifdef BADREADY
	atomic { now++; hist[now] = hist[now - 1]; ready = now };
#endif
	lock();
	d_step {
		pair[val] = 1;
#ifndef BADCHAIN
		do
		:: i < ne -> if :: E[i].linked -> pair[E[i].old] = 1 :: else fi; i++
		:: else -> break
		od;
#endif
		i = 0; latch = 0
	};
#ifndef BADREADY
	atomic { now++; hist[now] = hist[now - 1]; ready = now };
#endif
}

/* Cuts the chain at the horizon, or takes the newest aborted entry out; its value may go. */
proctype Collector()
{
	byte h, i = 0, k = 0, x = 0, rounds = 0;
	bit in_use = 0;

	do
	:: rounds < ROUNDS ->
		h = now;
		do
		:: i < NR + NW -> atomic { if :: view[i] < h -> h = view[i] :: else fi; i++ }
		:: else -> i = 0; break
		od;
		lock();
		d_step {
			k = ne;
			do
			:: k > 0 && (!E[k - 1].linked || mark[E[k - 1].m] == 0 || mark[E[k - 1].m] > h) -> k--
			:: else -> break
			od;
			i = 0;
			do
			:: i < k -> if :: E[i].linked -> E[i].linked = 0; x = x | (1 << E[i].old) :: else fi; i++
			:: else -> break
			od;
			i = 0
		};
		k = 1;
		do
		:: k < 3 -> d_step { if :: x & (1 << k) -> drop(k) :: else fi; k++ }
		:: else -> break
		od;
		x = 0;
		d_step {
			k = ne;
			do
			:: k > 0 && !(E[k - 1].linked && mark[E[k - 1].m] == ABORTED) -> k--
			:: else -> break
			od
		};
		if
		:: k > 0 -> d_step { E[k - 1].linked = 0; drop(E[k - 1].old) }
		:: else
		fi;
		d_step { k = 0; h = 0; latch = 0; rounds++ }
	:: else -> break
	od
}

/* Looks for each value of a range; the node must be found once. */
proctype Reader(byte r)
{
	byte L, i = 0, x = 0, v = 1, found = 0;
	bit hit = 0;

	atomic { L = now; view[r] = L };
	if
	:: ready <= L ->
		do
		:: v < 3 ->
			hit = pair[v];
			d_step {
				x = val; i = ne;
				do
				:: i > 0 && (!E[i - 1].linked || mark[E[i - 1].m] == 0 || mark[E[i - 1].m] > L) ->
					if :: E[i - 1].linked -> x = E[i - 1].old :: else fi;
					i--
				:: else -> break
				od;
				i = 0;
#ifdef BADRANGE
				if :: hit -> found++ :: else fi;
#else
				if :: hit && x == v -> found++ :: else fi;
#endif
				assert(x == hist[L]);
				x = 0; v++
			}
		:: else -> break
		od;
		assert(found == 1)
	:: else
	fi;
	atomic { view[r] = NONE; L = 0; v = 0; found = 0; hit = 0 }
}

init {
	atomic {
		byte z = 0;
		hist[0] = 1;
		do
		:: z < NR + NW -> view[z] = NONE; z++
		:: else -> break
		od;
		z = 0;
		do
		:: z < NW -> run Writer(z); z++
		:: else -> break
		od;
		run Reader(0); run Filler(); run Collector()
	}
}
