# What the Makefile links: groups of objects, a list per tool, a list per unit
# test.  A list names files below tools/ without .c; nothing is found by itself.

# What each module of tools/lib links with.
L_lib/cert = -lcrypto
L_lib/digest = -lcrypto
L_lib/hist = -lm
L_lib/http = -lcurl
L_lib/httpd = -lmicrohttpd
L_lib/httpd_upgrade = -lgnutls
L_lib/jqx = -ljq
L_lib/json = -lcjson -lm
L_lib/clock = -lm
L_lib/pg = -lpq
L_lib/quantity = -lm
L_lib/redis = -lhiredis
L_lib/ws = -lwslay
L_lib/yaml = -lyaml

BASE = tool lib/fault lib/buf lib/clock lib/opt
JSON = $(BASE) lib/json lib/record
LOOP = lib/loop lib/child
SCAN = lib/scan lib/scan_line lib/scan_text
JQX = lib/jqx lib/jqx_set
STATUS = lib/kube_status lib/kube_status_pod
YAML = lib/digest lib/yaml lib/yaml_compose lib/yaml_json lib/yaml_scalar lib/yaml_table
HTTPD = lib/httpd lib/httpd_req lib/httpd_upgrade
HTTP = lib/http lib/http_raw lib/http_request lib/http_result
KUBE = $(JSON) $(LOOP) $(HTTP) $(YAML) \
	lib/kube lib/kube_request lib/kube_retry lib/kube_words lib/kube_proxy lib/kube_config lib/kube_auth lib/kube_discovery lib/kube_kind lib/kube_map lib/kube_watch lib/kube_cache lib/json_items

# k8s-apid's pure parts: field sets, patches, ownership
FIELDS = k8s-apid/fields k8s-apid/fields_schema k8s-apid/fields_shape k8s-apid/fields_object k8s-apid/fields_merge
PATCH = k8s-apid/select k8s-apid/select_field k8s-apid/patch k8s-apid/patch_strategic $(FIELDS) \
	k8s-apid/apply k8s-apid/apply_conflict k8s-apid/apply_managed

# One list of objects per tool (tools/NAME.c unless a folder), sorted by family.
O_k8s-apply  = $(addprefix k8s-apply/,main plan send crd diff report) kube_tool $(KUBE) $(STATUS) lib/manifest
O_k8s-wait   = $(addprefix k8s-wait/,main goal target select pods watch explain report live) kube_tool $(KUBE) $(STATUS) $(JQX) lib/kube_event lib/kube_refs lib/manifest
O_k8s-delete = $(addprefix k8s-delete/,main targets wait blockers) kube_tool $(KUBE) lib/kube_refs lib/manifest
O_k8s-logs   = $(addprefix k8s-logs/,main away pods stream) kube_tool $(KUBE) lib/kube_log lib/kube_refs
O_k8s-top    = k8s-top/main k8s-top/samples kube_tool $(KUBE) lib/quantity
O_k8s-dump   = $(addprefix k8s-dump/,main objects logs out) kube_tool $(KUBE) $(STATUS) lib/kube_event lib/kube_log
O_k8s-forward = $(addprefix k8s-forward/,main target link) kube_tool $(KUBE) $(STATUS) lib/kube_refs lib/kube_ws lib/ws lib/ws_hello
O_pg-migrate = $(addprefix pg-migrate/,main files history text) $(JSON) lib/pg lib/pg_lex lib/digest
O_pg-seed    = $(addprefix pg-seed/,main rows value table batch load catalog order blame) $(JSON) $(SCAN) lib/pg
O_s3-put     = $(addprefix s3-put/,main objects object put request) $(JSON) $(LOOP) $(HTTP) lib/digest $(SCAN) lib/s3
O_redis-probe = redis-probe $(JSON) $(SCAN) $(JQX) lib/redis
O_http-probe = $(addprefix http-probe/,main check check_header check_jq check_rules vars run request judge report worker) $(JSON) $(LOOP) $(HTTP) lib/http_warm $(JQX) $(SCAN)
O_latency-summary = latency-summary records $(JSON) $(SCAN) lib/hist
O_budget-check = $(addprefix budget-check/,main budgets tally) records $(JSON) $(SCAN) $(JQX) lib/hist
O_results-json = $(addprefix results-json/,main collect findings) records $(JSON) $(SCAN) lib/stages
O_results-tap = results-tap records $(JSON) $(SCAN) lib/stages
O_run-stage  = run-stage/main run-stage/progress $(JSON) $(LOOP)
O_run-finally = run-finally $(BASE) $(LOOP)
O_sql-serve  = $(addprefix sql-serve/,main serve call routes routes_match sql pool link static) $(JSON) $(LOOP) $(SCAN) $(HTTPD) lib/pg lib/pg_lex lib/redis
O_k8s-sandbox = $(addprefix k8s-sandbox/,main command credentials daemons init keep mounts namespaces network relay remove state) \
	$(JSON) $(LOOP) lib/digest lib/cert
APID = $(patsubst %,k8s-apid/%,server impersonate access access_grant access_roles access_rules admission limits quota quota_usage validate_quota rbac request path types store status auth object write change delete read watch discovery openapi subresources scale kubelet portforward tunnel views table columns columns_cluster columns_pods columns_quota defaults defaults_pod defaults_workload validate validate_pod validate_kinds names service_ips model model_proto model_access model_apps model_core model_meta model_pod model_volumes)
APID_PURE = $(patsubst %,k8s-apid/%,apply apply_conflict apply_managed fields fields_merge fields_object fields_schema fields_shape patch patch_strategic select select_field)
O_k8s-apid   = k8s-apid/main $(APID) $(APID_PURE) $(JSON) $(LOOP) $(HTTPD) $(HTTP) lib/portforward lib/digest lib/quantity $(YAML)
CONTROL = $(patsubst %,k8s-controllerd/%,control work act meta cond template own pods kinds deployment deployment_notes deployment_status rollout replicaset claim daemonset daemonset_pod \
	statefulset statefulset_plan revision job job_plan job_status endpoints endpoints_build serviceaccount namespace schedule schedule_fit gc)
O_k8s-controllerd = k8s-controllerd/main $(CONTROL) $(KUBE) $(STATUS) lib/quantity
NODED = $(patsubst %,k8s-noded/%,args backoff check container container_create env etc event exec farm field hosts hosts_lines image lifecycle log_reader logs metrics net node node_info path payload places pod pod_end pods portforward portforward_pod probe probe_rule proc process rootfs serve status status_parts token volume)
O_k8s-noded  = k8s-noded/main $(NODED) $(KUBE) $(HTTPD) lib/quantity lib/portforward lib/ws lib/ws_hello lib/ws_server
O_k8s-proxyd = $(addprefix k8s-proxyd/,main forward services) $(KUBE)

# One list per unit test (tests/unit/NAME.c).
U_buf    = lib/buf lib/fault
U_cert   = lib/cert lib/buf lib/fault
U_child  = lib/child lib/buf lib/fault lib/clock
U_clock  = lib/clock
U_deployment = $(addprefix k8s-controllerd/,deployment_status rollout cond meta) lib/json lib/buf lib/fault lib/clock
U_digest = lib/digest lib/buf lib/fault
U_endpoints = $(addprefix k8s-controllerd/,endpoints_build meta) lib/json lib/buf lib/fault lib/clock
U_job = k8s-controllerd/job_plan lib/buf lib/fault
U_json_items = lib/json_items lib/json lib/buf lib/fault
U_json   = lib/json lib/record lib/buf lib/fault lib/clock
U_kube_status = $(STATUS) lib/json lib/buf lib/fault
U_jqx    = $(JQX) lib/json lib/buf lib/fault
U_hist   = lib/hist lib/fault
U_http   = $(HTTP) $(LOOP) lib/buf lib/fault lib/clock
U_apid_columns = $(patsubst %,k8s-apid/%,columns columns_cluster columns_pods columns_quota table views types) lib/json lib/buf lib/fault lib/clock
U_apid_model = $(patsubst %,k8s-apid/%,model model_proto model_access model_apps model_core model_meta model_pod model_volumes types status) lib/json lib/buf lib/fault lib/clock lib/digest
U_apid_path = $(patsubst %,k8s-apid/%,path types names)
U_apid_store = k8s-apid/store lib/json lib/buf lib/fault
U_httpd  = $(HTTPD) lib/loop lib/buf lib/fault lib/clock
U_kube   = $(filter-out tool,$(KUBE))
U_kube_auth = lib/child lib/digest lib/json lib/clock lib/buf lib/fault
U_kube_config = $(filter-out tool,$(KUBE))
U_kube_log = lib/kube_log lib/clock lib/buf lib/fault
U_kube_event = lib/kube_event lib/json lib/clock lib/buf lib/fault
U_kube_proxy = lib/kube_proxy lib/fault
U_kube_refs = $(filter-out tool,$(KUBE)) lib/kube_refs
U_kube_watch = $(filter-out tool,$(KUBE))
U_loop   = lib/loop lib/fault lib/clock
U_manifest = lib/manifest $(YAML) lib/json lib/buf lib/fault
U_opt    = lib/opt lib/clock lib/fault
U_rollout = k8s-controllerd/rollout lib/json lib/buf lib/fault
U_schedule = $(addprefix k8s-controllerd/,schedule_fit meta) lib/quantity lib/json lib/buf lib/fault lib/clock
U_statefulset = k8s-controllerd/statefulset_plan
U_template = $(addprefix k8s-controllerd/,template meta) lib/json lib/buf lib/fault lib/clock
U_yaml   = $(YAML) lib/json lib/buf lib/fault
U_apply = $(PATCH) lib/json lib/buf lib/fault lib/clock
U_fields = $(FIELDS) lib/json lib/buf lib/fault
U_portforward = lib/portforward lib/fault
U_ws     = lib/ws lib/ws_hello lib/ws_server lib/digest lib/json $(HTTP) lib/loop lib/buf lib/fault lib/clock
U_patch = k8s-apid/patch k8s-apid/patch_strategic k8s-apid/fields_schema lib/json lib/buf lib/fault
U_select = k8s-apid/select k8s-apid/select_field lib/json lib/buf lib/fault
U_pg     = lib/pg lib/buf lib/fault
U_pg_lex = lib/pg_lex
U_pg_seed = pg-seed/value pg-seed/order $(SCAN) lib/buf lib/fault
U_rbac   = k8s-apid/rbac k8s-apid/store k8s-apid/types lib/json lib/buf lib/fault
U_redis  = lib/redis lib/json lib/opt lib/clock lib/buf lib/fault
U_routes = sql-serve/routes sql-serve/routes_match sql-serve/sql lib/pg_lex $(filter-out tool,$(BASE))
U_quantity = lib/quantity lib/json lib/buf lib/fault
U_scan   = $(SCAN) lib/buf lib/fault
U_s3     = lib/s3 lib/digest $(HTTP) $(LOOP) lib/buf lib/fault lib/clock
U_stages = lib/stages lib/json lib/buf lib/fault lib/clock
U_sql    = sql-serve/sql lib/pg_lex lib/buf lib/fault
U_noded_env = k8s-noded/env k8s-noded/field lib/digest lib/quantity lib/json lib/buf lib/fault
U_noded_files = $(patsubst %,k8s-noded/%,farm image log_reader logs path payload) lib/child lib/loop lib/json lib/buf lib/clock lib/fault
U_noded_rules = $(patsubst %,k8s-noded/%,backoff hosts_lines net probe_rule) lib/child lib/loop lib/json lib/buf lib/clock lib/fault

# Measures for tests/bench (tests/bench/NAME.c).
B_apply-limit = $(KUBE)
