/* A unique key: two nodes, values 1 and 2 (0: none), claims beside the elements. What the model does
   is store/constraint.c: a value is claimed, then the old one is dropped, then the element written,
   all under the latch of the node's chunk (two nodes, two latches), each of the three one step; a
   claim is judged by the marks that made and dropped it; taking back restores the element, then the
   dropped claim, then removes the new one, then the mark is aborted; behind the horizon claims are
   settled.
   Mutants: BADELEMENT (the check reads the other element), BADABORTED (claims stay after an abort and
   count), BADFORGET (a dropped claim is not restored by an abort), BADSAVE (nor is anything by a
   rollback to a savepoint), BADHORIZON (settled before every view sees it). */
#ifndef NT
#define NT 2
#endif
#define NC (1 + 3 * NT)
#define ABORTED 99
#define NONE 255
#define NOBODY 255

typedef Claim { bool used; bool gone; byte v; byte id; byte made; byte dropped }
Claim C[NC];                     /* made, dropped: a transaction, or NOBODY */
typedef Graph { byte v[2] }
Graph hist[NT + 1];              /* the graph at each LSN */
byte val[2];                     /* in place */
byte owner[2];                   /* active writer of the element */
byte last[2];                    /* LSN of its last one */
bit latch[2];
byte mark[NT];
byte view[NT];
byte now = 0;
byte touched[NT];                /* ghost: values that an active transaction took or dropped, bits */
byte n_done = 0;

#define OTHERS(m, me, L) ((m) != NOBODY && (m) != me && (mark[m] == 0 || (mark[m] != ABORTED && mark[m] > L)))
#ifdef BADABORTED
#define YES(m, me, L) ((m) == NOBODY || (m) == me || mark[m] == ABORTED || (mark[m] != 0 && mark[m] <= L))
#else
#define YES(m, me, L) ((m) == NOBODY || (m) == me || (mark[m] != ABORTED && mark[m] != 0 && mark[m] <= L))
#endif
#define IS_DROPPED(d, me, L) ((d) != NOBODY && YES(d, me, L))

/* What the view shows at node m. */
#define SEEN(m) (owner[m] == me -> val[m] : hist[L].v[m])

/* A refusal needs a reason: another node has, had or may have the value for somebody. */
inline has_reason(x)
{
	i = L; ok = 0;
	do
	:: i <= now -> ok = ok || hist[i].v[0] == x || hist[i].v[1] == x; i++
	:: else -> break
	od;
	i = 0;
	do
	:: i < NT -> ok = ok || (i != me && mark[i] == 0 && (touched[i] & (1 << x))); i++
	:: else -> break
	od;
	ok = ok || SEEN(1 - n) == x;
	i = 0
}

inline take(x)
{
	d_step {
		i = 0; refused = 0;
#ifdef BADELEMENT
		refused = val[1 - n] == x;
#else
		do
		:: i < NC ->
			if
			:: C[i].used && !C[i].gone && C[i].v == x && (OTHERS(C[i].made, me, L) ||
			   (YES(C[i].made, me, L) && !IS_DROPPED(C[i].dropped, me, L))) ->
				refused = 1
			:: else
			fi;
			i++
		:: else -> break
		od;
#endif
		if
		:: refused -> has_reason(x); assert(ok)
		:: else ->
			assert(SEEN(1 - n) != x);
			i = 0;
			do
			:: C[i].used -> i++
			:: else -> break
			od;
			C[i].used = 1; C[i].v = x; C[i].id = n; C[i].made = me;
			C[i].dropped = NOBODY; C[i].gone = 0;
			touched[me] = touched[me] | (1 << x)
		fi;
		i = 0; ok = 0
	}
}

inline give_up(x)
{
	d_step {
		i = 0;
		do
		:: i < NC && !(C[i].used && C[i].v == x && C[i].id == n && C[i].dropped == NOBODY) -> i++
		:: else -> break
		od;
		assert(i < NC);
		C[i].dropped = me; i = 0;
		touched[me] = touched[me] | (1 << x)
	}
}

inline write(x)
{
	atomic {
		!latch[n] -> skip;
		if
		:: (owner[n] != NOBODY && owner[n] != me) || last[n] > L -> lost = 1
		:: else ->
			latch[n] = 1; old = val[n]
		fi
	};
	if
	:: lost
	:: else ->
		if
		:: x != 0 && x != old -> take(x)
		:: else
		fi;
		if
		:: refused -> lost = 1; latch[n] = 0
		:: else ->
			if
			:: old != 0 && x != old -> give_up(old)
			:: else
			fi;
			atomic { owner[n] = me; val[n] = x; latch[n] = 0; wrote = 1 }
		fi
	fi
}

/* The last write: value, dropped claim, new claim. */
inline take_back(claims)
{
	atomic { !latch[n] -> val[n] = old };
	if
	:: claims && now_has != old ->
#ifndef BADFORGET
		d_step {
			i = 0;
			do
			:: i < NC -> if :: C[i].used && C[i].dropped == me && C[i].v == old && C[i].id == n -> C[i].dropped = NOBODY :: else fi; i++
			:: else -> break
			od;
			i = 0
		};
#endif
		d_step {
			i = 0;
			do
			:: i < NC -> if :: C[i].used && C[i].made == me && C[i].v == now_has && C[i].id == n -> C[i].used = 0 :: else fi; i++
			:: else -> break
			od;
			i = 0; touched[me] = 0
		}
	:: else
	fi
}

proctype Txn(byte me)
{
	byte L, i = 0, n = 0, x = 0, old = 0, now_has = 0;
	bit lost = 0, refused = 0, ok = 0, wrote = 0;

	atomic { L = now; view[me] = L };
	atomic { if :: n = 0 :: n = 1 fi; if :: x = 0 :: x = 1 :: x = 2 fi };
	now_has = x;
	write(x);
	if
	:: wrote && !lost ->
		if
		:: /* back to a savepoint before it, and another value */
#ifdef BADSAVE
			take_back(0);
#else
			take_back(1);
#endif
			atomic { if :: x = 0 :: x = 1 :: x = 2 fi; now_has = x };
			write(x)
		:: skip
		fi
	:: else
	fi;
	if
	:: !lost ->
		atomic {
			now++;
			hist[now].v[0] = hist[now - 1].v[0];
			hist[now].v[1] = hist[now - 1].v[1];
			hist[now].v[n] = val[n];
			assert(hist[now].v[0] == 0 || hist[now].v[0] != hist[now].v[1]);
			last[n] = now; owner[n] = NOBODY; mark[me] = now
		};
		goto out
	:: skip
	fi;
	if
	:: !lost ->
#ifdef BADABORTED
		take_back(0)
#else
		take_back(1)
#endif
	:: else
	fi;
	atomic {
		if :: wrote && owner[n] == me -> owner[n] = NOBODY :: else fi;
		mark[me] = ABORTED
	};
out:
	atomic { view[me] = NONE; touched[me] = 0; n_done++; L = 0; n = 0; x = 0; old = 0; now_has = 0; lost = 0; refused = 0; wrote = 0 }
}

#define SETTLED(m) ((m) != NOBODY && mark[m] != 0 && mark[m] != ABORTED && mark[m] <= h)

inline settle()
{
	d_step {
		i = 0;
		do
		:: i < NC ->
			if
			:: C[i].used && SETTLED(C[i].made) ->
				if :: C[i].gone -> C[i].used = 0 :: else -> C[i].made = NOBODY fi
			:: else
			fi;
			if
			:: C[i].used && SETTLED(C[i].dropped) ->
				if :: C[i].made == NOBODY -> C[i].used = 0 :: else -> C[i].gone = 1 fi
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

/* At the end each value has one claim, settled, and no claim is without its value. */
proctype Collector()
{
	byte h, i = 0, n = 0;
	bit last_round = 0;

	do
	:: last_round -> break
	:: else ->
		last_round = n_done == NT;
		h = now;
#ifndef BADHORIZON
		do
		:: i < NT -> atomic { if :: view[i] < h -> h = view[i] :: else fi; i++ }
		:: else -> i = 0; break
		od;
#endif
		settle();
		h = 0;
		if
		:: !last_round -> n_done == NT
		:: else
		fi
	od;
	atomic {
		do
		:: i < NC ->
			if
			:: C[i].used ->
				assert(C[i].made == NOBODY && C[i].dropped == NOBODY && val[C[i].id] == C[i].v);
				n++
			:: else
			fi;
			i++
		:: else -> break
		od;
		assert(n == (val[0] != 0) + (val[1] != 0))
	}
}

init {
	atomic {
		byte z = 0;
		do
		:: z < NC -> C[z].made = NOBODY; C[z].dropped = NOBODY; z++
		:: else -> break
		od;
		C[0].used = 1; C[0].v = 1; C[0].id = 0;
		val[0] = 1; hist[0].v[0] = 1; owner[0] = NOBODY; owner[1] = NOBODY;
		z = 0;
		do
		:: z < NT -> view[z] = NONE; z++
		:: else -> break
		od;
		z = 0;
		do
		:: z < NT -> run Txn(z); z++
		:: else -> break
		od;
		run Collector()
	}
}
