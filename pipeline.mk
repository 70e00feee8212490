# The nine stages of a run.  Each target is a stage's records file in the
# run's folder, so the DAG is the flow of data; each recipe is a pipe of
# tools under run-stage.  share/inttest prepares the folder, wraps this in
# the sandbox and in run-finally, and reads the records afterwards.
#
# From the environment: RUN_DIR (absolute), NAMESPACE, STACK, CLUSTER, KEEP,
# and the credentials of the run (PGPASSWORD, AWS_SECRET_ACCESS_KEY).

STACK_DIR := $(abspath $(STACK))
-include $(STACK_DIR)/stack.mk

SHELL = /bin/bash
HERE := $(dir $(realpath $(firstword $(MAKEFILE_LIST))))
R    := $(RUN_DIR)
NS   := $(NAMESPACE)
HOST  = $(1).$(NS).svc
WAIT  = 120s
JOBS  = 8

# Where the run reaches the services: by their names or, with FORWARD=1, at
# the local ports that k8s-forward has put into the environment.  A stack.mk
# or the command line can say otherwise.
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
export AWS_ACCESS_KEY_ID ?= inttest

CHECKS  := $(wildcard $(STACK_DIR)/tests/api/*.jsonl)
PAGES   := $(wildcard $(STACK_DIR)/tests/pages/*.jsonl)
ROWS    := $(wildcard $(STACK_DIR)/seed/rows/*.jsonl)
BUCKETS := $(patsubst %/,%,$(wildcard $(STACK_DIR)/seed/objects/*/))
BUDGETS := $(wildcard $(STACK_DIR)/tests/budgets.json)
IDS     := $(wildcard $(STACK_DIR)/seed/ids.json)
INFRA   := $(foreach i,postgres redis minio,$(if $(wildcard $(STACK_DIR)/manifests/$(i).yaml),$(i)))

# stage NUMBER,NAME,PART,OPTIONS: what stands before a recipe's command
stage = @cd $(R)/rendered && run-stage -s $(1)/9 -n $(2) $(if $(3),-p $(3)) $(4) -o $@ \
	bash -o pipefail -ec
# deploy FILE: apply it and, if that went well, wait for what it holds; both tools' records count
deploy = made=$$(k8s-apply -n $(NS) -f $(1)) || status=$$?; \
	[[ -z $$made ]] || echo "$$made"; [[ -z $$status ]] || exit $$status; \
	k8s-wait -n $(NS) --timeout $(WAIT) <<<"$$made"
# reach ADDRESS...: pods are ready before the nodes' proxies lead to them; a forward goes to the pods
reach = $(if $(FORWARD)$(if $(1),,none),,; $(HERE)share/reach $(1))
at_postgres = $(PGHOST):$(PGPORT)
at_redis    = $(REDIS_URL)
at_minio    = $(S3_URL)
probe  = http-probe $(if $(IDS),--vars $(IDS)) $(BASES)

stages: $(R)/8-profile.jsonl

# what k8s-forward is to lead to
forwards:
	@echo $(patsubst postgres,postgres:5432,$(patsubst redis,redis:6379,$(INFRA:minio=minio:9000))) $(SERVICES:%=%:80)

$(R)/1-namespace.jsonl:
	$(call stage,1,namespace,create) '$(call deploy,manifests/namespace.yaml)'

# never itself, however short its time to live; what needs longer to go is on its way, and no fault of this run
$(R)/1-reap.jsonl:
	$(call stage,1,namespace,reap) 'k8s-delete --expired --except $(NS) --timeout 5s || { s=$$?; test $$s = 1 || exit $$s; }'

$(R)/2-%.jsonl: $(R)/1-namespace.jsonl
	$(call stage,2,infra,$*,-w $*) '$(call deploy,manifests/$*.yaml)$(call reach,$(at_$*))'

$(R)/3-migrate.jsonl: $(filter %-postgres.jsonl,$(INFRA:%=$(R)/2-%.jsonl))
	$(call stage,3,seed,migrate) 'pg-migrate $(STACK_DIR)/seed/migrations'

$(R)/3-rows.jsonl: $(R)/3-migrate.jsonl
	$(call stage,3,seed,rows) 'pg-seed $(ROWS)'

$(R)/3-objects.jsonl: $(filter %-minio.jsonl,$(INFRA:%=$(R)/2-%.jsonl))
	$(call stage,3,seed,objects) \
		'$(foreach b,$(BUCKETS),s3-put --endpoint $(S3_URL) --make-bucket $(notdir $(b)) $(b);)'

$(R)/3-redis.jsonl: $(filter %-redis.jsonl,$(INFRA:%=$(R)/2-%.jsonl))
	$(call stage,3,seed,redis) \
		'echo "{\"name\":\"empty\",\"command\":[\"DBSIZE\"],\"expect\":[\". == 0\"]}" | redis-probe'

$(R)/4-services.jsonl: $(INFRA:%=$(R)/2-%.jsonl)
	$(call stage,4,services) 'k8s-apply -n $(NS) -f manifests/services.yaml'

$(R)/5-ready.jsonl: $(R)/4-services.jsonl
	$(call stage,5,ready,,-w "the services") 'k8s-wait -n $(NS) --timeout $(WAIT) <$<$(call reach,$(filter http%,$(subst =, ,$(BASES))))'

$(R)/6-api.jsonl: $(R)/5-ready.jsonl $(if $(filter redis,$(INFRA)),$(R)/3-redis.jsonl) \
		$(if $(ROWS),$(R)/3-rows.jsonl) $(if $(BUCKETS),$(R)/3-objects.jsonl) $(R)/1-reap.jsonl
	$(call stage,6,api,,-k) '$(probe) $(CHECKS)'

$(R)/7-frontend.jsonl: $(R)/6-api.jsonl
	$(call stage,7,frontend,,-k) '$(probe) $(PAGES)'

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
teardown:
	@rm -f $(R)/9-teardown.jsonl
	@$(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) $(R)/9-teardown.jsonl

$(R)/9-teardown.jsonl:
	$(call stage,9,teardown) 'if $(failed); then \
		k8s-dump -n $(NS) -d $(R)/dump >/dev/null || echo "dump: incomplete" >&2; \
		if [[ "$(KEEP)" ]]; then echo "namespace $(NS) is kept" >&2; exit 0; fi; \
		fi; k8s-delete --timeout 4m namespace/$(NS)'

.PHONY: stages forwards teardown
.SECONDARY:
# records of a stage that was cut off count: make would delete them on ^C
.PRECIOUS: $(foreach f,1-namespace 1-reap $(INFRA:%=2-%) 3-migrate 3-rows 3-objects 3-redis \
	4-services 5-ready 6-api 7-frontend 8-profile 9-teardown,$(R)/$(f).jsonl)
