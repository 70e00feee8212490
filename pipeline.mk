# The nine stages of a run.  Each target is a stage's records file in the
# run's folder, so the DAG is the flow of data; each recipe is a pipe of
# tools under run-stage.  share/inttest prepares the folder, wraps this in
# the sandbox and in run-finally, and reads the records afterwards.
#
# It is run in the folder `rendered' of the run's, which shows the stack as it
# is run: manifests/ filled in, links to seed/, tests/ and stack.mk.  So all
# paths are relative, as make cannot tell a blank in one from the next one.
#
# From the environment: NAMESPACE, KEEP, RUN_DIR, INTTEST_ROOT (where share/
# is), and the credentials of the run (PGPASSWORD, SECRET_MINIO).

-include stack.mk

SHELL = /bin/bash
R    := ..
NS   := $(NAMESPACE)
HOST  = $(1).$(NS).svc
WAIT  = 120s
JOBS  = 8

# Where the run reaches the services: by their names or, with FORWARD=1, at
# the local ports that k8s-forward has put into the environment.  A stack.mk
# can say otherwise; what the user's environment says of other servers is gone.
port = $(FORWARD_$(shell echo '$(1)_$(2)' | tr 'a-z.-' 'A-Z__'))
at   = $(if $(FORWARD),127.0.0.1:$(call port,$(1),$(2)),$(HOST)$(if $(filter-out 80,$(2)),:$(2)))
PGHOST     ?= $(if $(FORWARD),127.0.0.1,$(call HOST,postgres))
PGPORT     ?= $(if $(FORWARD),$(call port,postgres,5432),5432)
PGUSER     ?= inttest
PGDATABASE ?= inttest
REDIS_URL  ?= redis://$(call at,redis,6379)/0
S3_URL     ?= http://$(call at,minio,9000)
SERVICES   ?= $(shell cat $(CHECKS) $(PAGES) /dev/null | jq -r '.service // empty' | sort -u)
BASES      ?= $(foreach s,$(SERVICES),--base $(s)=http://$(call at,$(s),80))
export PGHOST PGPORT PGUSER PGDATABASE REDIS_URL
S3_USER    ?= inttest

# patterns for the shell, which knows blanks in names; empty when nothing fits
there   = $(if $(wildcard $(1)),$(1))
CHECKS  := $(call there,tests/api/*.jsonl)
PAGES   := $(call there,tests/pages/*.jsonl)
BUDGETS := $(call there,tests/budgets.json)
IDS     := $(call there,seed/ids.json)
ROWS    := $(call there,seed/rows/*.jsonl)
BUCKETS := $(call there,seed/objects/*/)

# The parts of stages 2 and 3 are what the stack has, or none: a stage happens
# all the same, and what follows waits for something
INFRA   := $(or $(patsubst manifests/%.yaml,%,$(wildcard $(patsubst %,manifests/%.yaml,postgres redis minio))),none)
SEED    := $(or $(strip $(if $(wildcard seed/migrations),migrate) $(if $(ROWS),rows) \
	$(if $(BUCKETS),objects) $(filter redis,$(INFRA))),none)
# after SERVICE: what needs it in stage 3; it may be one that was there before
after   = $(R)/$(or $(patsubst %,2-%,$(filter $(1),$(INFRA))),1-namespace).jsonl

# stage NUMBER,NAME,PART,OPTIONS: what stands before a recipe's command
stage = @</dev/null run-stage -s $(1)/9 -n $(2) $(if $(3),-p $(3)) $(4) -o $@ bash -o pipefail -ec
# deploy FILE: apply it and, if that went well, wait for what it holds; both tools' records count
deploy = made=$$(k8s-apply -n $(NS) -f $(1)) || status=$$?; \
	[[ -z $$made ]] || echo "$$made"; [[ -z $$status ]] || exit $$status; \
	k8s-wait -n $(NS) --timeout $(WAIT) <<<"$$made"
# reach ADDRESS...: pods are ready before the nodes' proxies lead to them; a forward goes to the pods
reach = $(if $(FORWARD)$(if $(1),,none),,; "$$INTTEST_ROOT/share/reach" $(1))
at_postgres = $(PGHOST):$(PGPORT)
at_redis    = $(REDIS_URL)
at_minio    = $(S3_URL)
# probe FILES: without any there is nothing to ask
probe  = $(if $(1),http-probe $(if $(IDS),--vars $(IDS)) $(BASES) $(1),:)

stages: $(R)/8-profile.jsonl

# what k8s-forward is to lead to
forwards:
	@echo $(filter $(INFRA:=:%),postgres:5432 redis:6379 minio:9000) $(SERVICES:=:80)

$(R)/1-namespace.jsonl:
	$(call stage,1,namespace,create) '$(call deploy,manifests/namespace.yaml)'

# never itself, however short its time to live; what needs longer to go is on its way, and no fault of this run
$(R)/1-reap.jsonl:
	$(call stage,1,namespace,reap) 'k8s-delete --expired --except $(NS) --timeout 5s || { s=$$?; test $$s = 1 || exit $$s; }'

$(R)/2-%.jsonl: $(R)/1-namespace.jsonl
	$(call stage,2,infra,$*,-w $*) '$(call deploy,manifests/$*.yaml)$(call reach,$(at_$*))'

$(R)/2-none.jsonl: $(R)/1-namespace.jsonl
	$(call stage,2,infra,none) :

$(R)/3-migrate.jsonl: $(call after,postgres)
	$(call stage,3,seed,migrate) 'pg-migrate seed/migrations'

$(R)/3-rows.jsonl: $(if $(filter migrate,$(SEED)),$(R)/3-migrate.jsonl,$(call after,postgres))
	$(call stage,3,seed,rows) 'pg-seed $(ROWS)'

# the credentials are for s3-put alone: a kubeconfig's plugin may need the user's own
$(R)/3-objects.jsonl: $(call after,minio)
	$(call stage,3,seed,objects) \
		'export AWS_ACCESS_KEY_ID=$(S3_USER) AWS_SECRET_ACCESS_KEY=$$SECRET_MINIO AWS_SESSION_TOKEN=; \
		for b in $(BUCKETS); do b=$${b%/}; s3-put --endpoint $(S3_URL) --make-bucket "$${b##*/}" "$$b"; done'

$(R)/3-redis.jsonl: $(call after,redis)
	$(call stage,3,seed,redis) \
		'echo "{\"name\":\"empty\",\"command\":[\"DBSIZE\"],\"expect\":[\". == 0\"]}" | redis-probe'

$(R)/3-none.jsonl: $(R)/1-namespace.jsonl
	$(call stage,3,seed,none) :

$(R)/4-services.jsonl: $(INFRA:%=$(R)/2-%.jsonl)
	$(call stage,4,services) 'k8s-apply -n $(NS) -f manifests/services.yaml'

$(R)/5-ready.jsonl: $(R)/4-services.jsonl
	$(call stage,5,ready,,-w "the services") 'k8s-wait -n $(NS) --timeout $(WAIT) <$<$(call reach,$(filter http%,$(subst =, ,$(BASES))))'

$(R)/6-api.jsonl: $(R)/5-ready.jsonl $(SEED:%=$(R)/3-%.jsonl) $(R)/1-reap.jsonl
	$(call stage,6,api,,-k) '$(call probe,$(CHECKS))'

$(R)/7-frontend.jsonl: $(R)/6-api.jsonl
	$(call stage,7,frontend,,-k) '$(call probe,$(PAGES))'

# k8s-top waits for the first sample, and says so where nobody may tell it
# any; the budgets see all that came before
$(R)/8-profile.jsonl: $(R)/7-frontend.jsonl
	$(call stage,8,profile,,-k) 'cat $(R)/6-api.jsonl $(R)/7-frontend.jsonl | \
		latency-summary --by service,method,route --slow 500 -o json \
		$(if $(FORWARD),| jq -c ". + {via: \"forward\"}"); \
		k8s-top -n $(NS) --optional --timeout 60s; \
		$(if $(BUDGETS),cat $(R)/[1-7]*.jsonl | budget-check $(BUDGETS))'

# 9: whatever happened before.  What failed is dumped while it is still there.
failed = test ! -e $(R)/8-profile.jsonl || \
	grep -qsE "^.\"type\":\"stage\".*\"status\":\"(failed|error)\"" $(R)/[1-8]-*.jsonl
teardown: $(R)/9-teardown.jsonl
$(R)/9-teardown.jsonl: always
	@rm -f $@
	$(call stage,9,teardown) 'if $(failed); then \
		k8s-dump -n $(NS) -d "$$RUN_DIR/dump" >/dev/null || echo "dump: incomplete" >&2; \
		if [[ "$(KEEP)" ]]; then echo "namespace $(NS) is kept" >&2; exit 0; fi; \
		fi; k8s-delete --timeout 4m namespace/$(NS)'

.PHONY: stages forwards teardown always
.SECONDARY:
# records of a stage that was cut off count: make would delete them on ^C
.PRECIOUS: $(foreach f,1-namespace 1-reap $(INFRA:%=2-%) $(SEED:%=3-%) \
	4-services 5-ready 6-api 7-frontend 8-profile 9-teardown,$(R)/$(f).jsonl)
