#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same raw requests through weir, nginx and haproxy: what weir does with each is what
# cases/requests.cases wants, and where a peer lets something else through, the case says why. The
# table is the one in doc/requests.md; PEERS_DOC=write puts it there.
. "$(dirname "$0")/lib.sh"
begin proxypeers
doc=$LAB_ROOT/doc/requests.md

echo 'a.example app=a http 127.0.0.1:9101' >"$LAB_DIR/a.routes"
echo 'b.example app=b http 127.0.0.1:9101' >>"$LAB_DIR/a.routes"
cat >"$LAB_DIR/nginx.conf" <<END
daemon off; user root; worker_processes 1; pid $LAB_DIR/nginx.pid; error_log $LAB_DIR/error.log;
events { worker_connections 512; }
http {
	access_log off; client_body_temp_path $LAB_DIR; proxy_temp_path $LAB_DIR;
	fastcgi_temp_path $LAB_DIR; scgi_temp_path $LAB_DIR; uwsgi_temp_path $LAB_DIR;
	server {
		listen 127.0.0.1:9002;
		location / {
			proxy_pass http://127.0.0.1:9102;
			proxy_http_version 1.1; proxy_set_header Host \$http_host; proxy_request_buffering off;
		}
	}
}
END
cat >"$LAB_DIR/haproxy.cfg" <<END
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen all
	bind 127.0.0.1:9003
	server container 127.0.0.1:9103
END
lab_spawn backends "$WEIR" -I "$LAB" proxy --listen-http 127.0.0.1:9001 --listen-tls 127.0.0.1:9004 \
	--routes "$LAB_DIR/a.routes" --workers 1
lab_spawn backends nginx -e "$LAB_DIR/error.log" -c "$LAB_DIR/nginx.conf"
lab_spawn backends haproxy -db -f "$LAB_DIR/haproxy.cfg"
for port in 9001 9002 9003; do
	eventually 5 backends curl -so /dev/null "http://127.0.0.1:$port/" || lab_fail "no proxy at port $port: $(tail -n 5 "$LAB_DIR/spawned.log")"
done

story "each request is refused or reaches the container as its case wants"
table=$LAB_DIR/table
backends python3 "$LAB_ROOT/tests/tools/raw_cases.py" "$LAB_ROOT/tests/e2e/cases/requests.cases" \
	weir=9001:9101 nginx=9002:9102 haproxy=9003:9103 >"$table" 2>"$LAB_DIR/wrong"
code=$?
sed "s/^/  /" "$table"
[[ $code -eq 0 ]] || fails "cases" "$(cat "$LAB_DIR/wrong")"

story "the table of doc/requests.md is this one"
if [[ ${PEERS_DOC-} == write ]]; then
	sed -i '/^|/d' "$doc"
	cat "$table" >>"$doc"
fi
# Another release of a peer may do otherwise; weir may not.
ours() { cut -d '|' -f 2,3 <(grep '^|' "$1"); }
expect "weir's part" cmp <(ours "$table") <(ours "$doc")
end
