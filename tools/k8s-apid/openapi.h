/*
 * As much of OpenAPI v3 as kubectl needs: that the server validates fields
 * itself (apply, create), and the shape of kinds (explain).
 */
#ifndef OPENAPI_H
#define OPENAPI_H

#include "k8s-apid/request.h"

/* Answers GET /openapi/v3: the list of documents. */
void openapi_root(struct request *rq);

/* Answers GET /openapi/v2, which has no kinds. */
void openapi_v2(struct request *rq);

/* Answers with the document of one group and version. */
void
openapi_version(struct request *rq, const char *group, const char *version);

#endif
