/*
 * Subresources and the kinds that only answer: status is verb_update's,
 * verb_patch's and verb_get's, all others are here.
 */
#ifndef SUBRESOURCES_H
#define SUBRESOURCES_H

#include "k8s-apid/request.h"

/*
 * Answers a request for a subresource or a review: 1.  0 when the method is
 * none of its (405).
 */
int subresource(struct request *rq, enum type_sub sub);
void review_create(struct request *rq);

#endif
