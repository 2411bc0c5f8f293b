/* proto/proto.h - the whole room in one include, for the two that speak the protocol: the server
 * (frame, request, answer, page, habits) and the client (frame, request, reply). */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include "proto/answer.h"
#include "proto/frame.h"
#include "proto/habits.h"
#include "proto/page.h"
#include "proto/reply.h"
#include "proto/request.h"

#endif
