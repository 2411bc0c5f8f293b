/* Section 2 of transactions.md: one slot, columns a (replaceable array) and b; NW writers, NR readers, collector, wal, grower.
   SC model.  Mutants by -D: BADABORT BADBOUND BADNEWEST BADUNLINK BADSAVE BADOPEN BADORDER BADHORIZON BADREADER BADRETIRE BADLOGICAL NOPREFIX */
#ifndef NW
#define NW 2
#endif
#ifndef NR
#define NR 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef BATCHES
#define BATCHES 1
#endif
#define NV (NW+NR)
#define NE (NW*4+1)
#define NU 4
#define ABORTED 99
#define CLOSED 0
#define EPOCH_ONLY 200
#define COLA 0
#define COLB 1

typedef Ent { byte m; byte seq; bit col; byte old; byte next; byte st; byte ep }   /* st 0 free pool 1 linked 2 retired 3 freed */
Ent E[NE];
byte ne = 1;                       /* next entry, 0 = nil; never recycled: freed = poison */
byte mark[NW+1]; byte abep[NW+1]; byte mst[NW+1];   /* mst 3 = mark freed */
byte stamped = 0, durable = 0;
byte A[2]; byte acol = 0; bit afreed = 0; byte aret = 0; byte aep = 0;  /* array 0 may be replaced by 1 */
byte B;
byte undo = 0; byte nu = 1; byte uhead[NU]; byte ust[NU]; byte uep[NU];
byte epoch = 1;
byte vep[NV], vlsn[NV];
byte latch = 0;
byte hA[NW+1], hB[NW+1];           /* ghost: value at LSN */
byte lastw = 0;                    /* ghost: LSN of last committed writer of the slot */
byte done = 0;
byte clock_ = 0;
#define oldA A[acol]
#define oldB B

#define LOCK   atomic { latch == 0 -> latch = 1 }
#define UNLOCK latch = 0

inline view_open(v, useStamped, L) {
#ifdef BADOPEN
  if :: useStamped -> L = stamped :: else -> L = durable fi;
  atomic { vep[v] = epoch; vlsn[v] = L }
#else
  tmp = epoch;
  d_step { vep[v] = tmp; vlsn[v] = EPOCH_ONLY; tmp = 0 };   /* the epoch first: it pins memory, not versions */
#ifndef BADBOUND
  tmp = durable;
  d_step { vlsn[v] = tmp; tmp = 0 };                        /* then a lower bound of the read point; fence */
#endif
  if :: useStamped -> L = stamped :: else -> L = durable fi;
  vlsn[v] = L
#endif
}
#define view_close(v) skip; d_step { vep[v] = CLOSED; vlsn[v] = 0 }

/* visible(e): for view L, own mark o, own seq q */
#define VIS(e,L,o,q) ((mark[E[e].m] != 0 && mark[E[e].m] <= L) || (E[e].m == o && E[e].seq <= q))

inline read_slot(L, own, q, xa, xb) {
#ifdef BADREADER
  u = undo; ar = acol; assert(!(ar==0 && afreed)); xa = A[ar]; xb = B; ar = 0;
#else
  ar = acol;
  atomic { assert(!(ar == 0 && afreed)); xa = A[ar]; ar = 0 };
  xb = B;
  u = undo;
#endif
  if
  :: u != 0 ->
     atomic { assert(ust[u] != 3); e = uhead[u]; u = 0 };
     do
     :: e == 0 -> break
     :: else ->
        atomic {
        assert(E[e].st != 3 && E[e].st != 0);
        assert(mst[E[e].m] != 3);
        if
        :: VIS(e, L, own, q) -> e = 0
        :: else ->
           if :: E[e].col == COLA -> xa = E[e].old :: else -> xb = E[e].old fi;
           e = E[e].next
        fi }
     od
  :: else
  fi
}

inline check_conflict() {          /* under latch */
  d_step {
  conflict = 0;
  if :: undo != 0 -> e = uhead[undo];
#ifndef BADNEWEST
     do :: e != 0 && mark[E[e].m] == ABORTED -> e = E[e].next :: else -> break od;
#endif
     if
     :: e != 0 && E[e].m != me && mark[E[e].m] == 0 -> conflict = 1
     :: e != 0 && E[e].m != me && mark[E[e].m] != ABORTED && mark[E[e].m] > L -> conflict = 1
     :: else
     fi
  :: else
  fi; e = 0 }
}

inline write_col(c, val) {
  atomic { latch == 0 -> latch = 1; skip;
    check_conflict(); skip;
    if
    :: conflict -> latch = 0
    :: else ->
       if :: undo == 0 -> assert(nu < NU); uhead[nu] = 0; ust[nu] = 1; undo = nu; nu++ :: else fi;
#ifndef BADORDER
       push(c)
#else
       if :: c == COLA -> tmp = A[acol]; A[acol] = val :: else -> tmp = B; B = val fi
#endif
    fi };
  atomic { if
  :: conflict
  :: else ->
#ifdef BADORDER
     push(c); if :: c == COLA -> E[ne-1].old = tmp :: else -> E[ne-1].old = tmp fi; tmp = 0;
#else
     if :: c == COLA -> A[acol] = val :: else -> B = val fi;
#endif
     wrote = 1; latch = 0
  fi }
}

inline push(c) {
  assert(ne < NE); E[ne].m = me; E[ne].seq = seq; E[ne].col = c;
  if :: c == COLA -> E[ne].old = oldA :: else -> E[ne].old = oldB fi;
  E[ne].next = uhead[undo]; E[ne].st = 1; my[nmy] = ne; nmy++; ne++; uhead[undo] = ne-1
}

inline unlink_one(x) {             /* under latch */
  d_step {
  e = 0; p = 0;
  if :: undo != 0 -> e = uhead[undo];
    do
    :: e == 0 -> break
    :: e == x -> if :: p == 0 -> uhead[undo] = E[e].next :: else -> E[p].next = E[e].next fi;
                 E[e].st = 2; E[e].ep = epoch; break
    :: else -> p = e; e = E[e].next
    od
  :: else fi; e = 0; p = 0 }
}

inline undo_to(s, un) {            /* newest first; the entries stay (unless un); one latch hold per entry */
  do
  :: atomic { nmy != 0 && E[my[nmy-1]].seq > s && latch == 0 -> nmy--; k = my[nmy]; my[nmy] = 0;
        if :: E[k].col == COLA -> A[acol] = E[k].old :: else -> B = E[k].old fi;
        if :: un -> unlink_one(k) :: else fi; k = 0 }
  :: atomic { nmy == 0 || E[my[nmy-1]].seq <= s -> break }
  od
}

proctype Writer(byte me) {
  byte L = 0, seq = 0, e = 0, p = 0, k = 0, nmy = 0, xa, xb, u = 0, ar = 0, tmp = 0; byte my[4];
  byte ga, gb, ba, bb; bit conflict = 0, wrote = 0, st = 0; byte lw;
  atomic { if :: L = durable :: L = stamped fi; vep[me-1] = epoch; vlsn[me-1] = L;   /* the racy opening is the readers' */
    ga = hA[L]; gb = hB[L]; seq = 1 };
  write_col(COLA, me*10+1);
  if :: conflict -> goto ab :: else fi;
  ga = me*10+1;
  /* savepoint after seq 1 */
  ba = ga; bb = gb;
  if
  :: seq = 2; write_col(COLB, me*10+2); if :: conflict -> goto ab :: else gb = me*10+2 fi
  :: seq = 2; write_col(COLA, me*10+3); if :: conflict -> goto ab :: else ga = me*10+3 fi
  :: skip
  fi;
#ifndef SMALL
  /* clause 2 reads: own writes of clauses before, i.e. own_seq = 1 */
  read_slot(L, me, 1, xa, xb);
  assert(xa == ba && xb == bb);
#endif
  if
  :: seq == 2 ->
     if
     ::
#ifdef BADSAVE
        undo_to(1, 1);
#else
        undo_to(1, 0);
#endif
        ga = ba; gb = bb
     :: skip
     fi
  :: else
  fi;
#ifndef SMALL
  seq = 3;
  if
  :: write_col(COLB, me*10+4); if :: conflict -> goto ab :: else gb = me*10+4 fi
  :: skip
  fi;
#endif
#ifndef NOOWN
  read_slot(L, me, 3, xa, xb);
  assert(xa == ga && xb == gb);
#endif
  if
  :: goto ab
  :: /* commit lock = atomic */
     atomic { clock_ == 0 -> clock_ = 1;
     assert(wrote == 0 || lastw <= L);            /* no lost update */
     hA[stamped+1] = ga; hB[stamped+1] = gb; lastw = stamped+1;
     mark[me] = stamped+1 };
     atomic { stamped = mark[me]; clock_ = 0;
#ifdef NOWAL
       durable = stamped
#endif
     }; goto out
  fi;
ab: skip;
  d_step { xa = 0; xb = 0; ga = 0; gb = 0; ba = 0; bb = 0 };
#ifdef BADUNLINK
  undo_to(0, 1);
#else
  undo_to(0, 0);
#endif
  atomic { mark[me] = ABORTED };
  abep[me] = epoch;                               /* after the restore and the mark */
out: skip;
  atomic { vep[me-1] = 0; vlsn[me-1] = 0; done++; L = 0; seq = 0; k = 0; nmy = 0; xa = 0; xb = 0; my[0] = 0; my[1] = 0; my[2] = 0; my[3] = 0; ga = 0; gb = 0; ba = 0; bb = 0; conflict = 0; wrote = 0; st = 0; e = 0; u = 0 }
}

proctype Reader(byte v) {
  byte L = 0, e = 0, xa, xb, u = 0, ar = 0, tmp = 0, n = 0;
  view_open(v, 0, L);
  do
  :: n < BATCHES -> read_slot(L, 0, 0, xa, xb);
     atomic { assert(xa == hA[L] && xb == hB[L]); xa = 0; xb = 0; n++ }
  :: else -> break
  od;
  atomic { vep[v] = 0; vlsn[v] = 0; done++; L = 0; n = 0; e = 0; u = 0 }
}

proctype Wal() {
  do
  :: atomic { durable < stamped -> durable = stamped }
  :: atomic { done == NV && durable == stamped -> break }
  od
}

proctype Grower() {                                /* replaces column a once */
  atomic { latch == 0 -> latch = 1; A[1] = A[0]; acol = 1 };
  aep = epoch; atomic { aret = 1; latch = 0 }
}

#define GONE(e) (mark[E[e].m] == ABORTED && abep[E[e].m] != 0 && abep[E[e].m] < minep)
#ifdef BADABORT                    /* of two entries of one aborted transaction the older goes first */
#define TAKE(e) (GONE(e) && !(E[e].next != 0 && GONE(E[e].next)))
#else
#define TAKE(e) GONE(e)
#endif
inline prune_chain(h) {            /* under latch; cut from the first committed entry <= h; drop aborted whose epoch passed; one store a step */
  atomic { e = 0; p = 0; if :: undo != 0 -> e = uhead[undo] :: else fi };
  do
  :: atomic { e == 0 -> p = 0; break }
  :: atomic { e != 0 && mark[E[e].m] != 0 && mark[E[e].m] != ABORTED && mark[E[e].m] <= h ->
       if :: p == 0 -> uhead[undo] = 0 :: else -> E[p].next = 0 fi; p = 0;
       do :: e == 0 -> break :: else -> E[e].st = 2; E[e].ep = epoch; e = E[e].next od }
  :: atomic { e != 0 && TAKE(e) ->
       if :: p == 0 -> uhead[undo] = E[e].next :: else -> E[p].next = E[e].next fi;
       E[e].st = 2; E[e].ep = epoch; e = E[e].next }
  :: atomic { e != 0 && !(mark[E[e].m] != 0 && mark[E[e].m] != ABORTED && mark[E[e].m] <= h) && !TAKE(e) ->
       p = e; e = E[e].next }
  od;
  atomic { if :: undo != 0 && uhead[undo] == 0 -> ust[undo] = 2; uep[undo] = epoch; undo = 0 :: else fi }
}

inline scan_min() {                /* smallest epoch of an open view (not atomic) */
#ifdef BADSCAN
  minep = 200; i = 0;
#else
  minep = epoch; i = 0;            /* never above the epoch read before the scan */
#endif
  do :: i < NV -> atomic { if :: vep[i] != CLOSED && vep[i] < minep -> minep = vep[i] :: else fi; i++ } :: else -> break od; i = 0
}

proctype Collector() {
  byte h = 0, i = 0, e = 0, p = 0, u = 0, minep = 200, r = 0;
  do
  :: r < ROUNDS ->
     epoch = epoch + 1;
#ifdef BADHORIZON
     h = stamped;
#else
     h = durable;
#endif
     do :: i < NV -> atomic { if :: vep[i] != CLOSED && vlsn[i] < h -> h = vlsn[i] :: else fi; i++ } :: else -> break od; i = 0;
     scan_min();
     LOCK; prune_chain(h); atomic { latch = 0; h = 0 };
     epoch = epoch + 1;
     scan_min();
     skip; d_step { minep = minep; /* free: private to the collector, so one step is harmless */
       i = 1; do :: i < NE -> if :: E[i].st == 2 && E[i].ep < minep -> E[i].st = 3; E[i].old = 77; E[i].next = 0 :: else fi; i++ :: else -> break od;
       i = 1; do :: i < NU -> if :: ust[i] == 2 && uep[i] < minep -> ust[i] = 3 :: else fi; i++ :: else -> break od;
       if :: aret && aep < minep -> afreed = 1; A[0] = 77 :: else fi;
       i = 0; minep = 200 };
     r++
  :: else -> break
  od
}

init { atomic {
  A[0] = 5; B = 6; hA[0] = 5; hB[0] = 6; byte z;
  z = 1; do :: z <= NW -> run Writer(z); z++ :: else -> break od;
  z = NW; do :: z < NV -> run Reader(z); z++ :: else -> break od;
#ifndef NOWAL
  run Wal();
#endif
#ifndef NOCOLL
  run Collector();
#endif
#ifdef GROW
  run Grower();
#endif
} }
