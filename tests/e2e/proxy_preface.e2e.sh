#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The client's address through real front ends and to real containers: haproxy in front sends the
# PROXY protocol, nginx and haproxy behind read it; X-Forwarded-For from an HTTP front end that is trusted.
. "$(dirname "$0")/lib.sh"
begin proxypreface
FRONT=198.51.100.7 # haproxy that speaks the PROXY protocol
CDN=198.51.100.8   # one that speaks HTTP
client ip address add $FRONT/24 dev wire
client ip address add $CDN/24 dev wire
lab_apps

cat >>"$LAB_DIR/weir.yaml" <<END
  workers: 2
  connections_per_client: 3
  trusted_proxies: [$CDN]
  proxy_protocol: [$FRONT]
END
cat >>"$LAB_DIR/apps.routes" <<END
told.example app=told http proxy=v1 10.66.0.2:8081 tls proxy=v2 10.66.0.2:8444
named.example app=named tls proxy=v2 10.66.0.3:8444
alpn=acme-tls/1 app=certificates tls proxy=v1 10.66.0.4:8444
plain.example app=plain http 10.66.0.2:8082
END
mkdir -p "$LAB_DIR/told"
cat >"$LAB_DIR/told/nginx.conf" <<END
daemon off; user root; worker_processes 1; pid $LAB_DIR/told/pid; error_log $LAB_DIR/told/error.log;
events { worker_connections 512; }
http {
	access_log off; client_body_temp_path $LAB_DIR/told; proxy_temp_path $LAB_DIR/told;
	fastcgi_temp_path $LAB_DIR/told; scgi_temp_path $LAB_DIR/told; uwsgi_temp_path $LAB_DIR/told;
	ssl_certificate $LAB_DIR/cert.pem; ssl_certificate_key $LAB_DIR/key.pem;
	server {
		listen 10.66.0.2:8081 proxy_protocol;
		listen 10.66.0.2:8444 ssl http2 proxy_protocol;
		return 200 "\$proxy_protocol_addr to \$proxy_protocol_server_addr:\$proxy_protocol_server_port\n";
	}
	server {
		listen 10.66.0.2:8082;
		return 200 "\$http_x_forwarded_for | \$http_x_forwarded_proto | \$http_x_real_ip\n";
	}
}
END
cat "$LAB_DIR/cert.pem" "$LAB_DIR/key.pem" >"$LAB_DIR/both.pem"
cat >"$LAB_DIR/named.cfg" <<END
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen named
	bind 10.66.0.3:8444 accept-proxy ssl crt $LAB_DIR/both.pem
	http-request return status 200 content-type text/plain lf-string "%[src] asks for %[fc_pp_authority]\n"
listen certificates
	bind 10.66.0.4:8444 accept-proxy ssl crt $LAB_DIR/both.pem alpn acme-tls/1
	http-request return status 200 content-type text/plain lf-string "certificates for %[src]\n"
END
cat >"$LAB_DIR/front.cfg" <<END
defaults
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen http
	mode tcp
	bind $FRONT:80
	server weir $BLOG:80 source $FRONT send-proxy check inter 100ms
listen tls
	mode tcp
	bind $FRONT:443
	server weir $BLOG:443 source $FRONT send-proxy-v2
listen forgetful
	mode tcp
	bind $FRONT:81
	server weir $BLOG:80 source $FRONT
listen cdn
	mode http
	bind $CDN:80
	option forwardfor
	http-request set-header X-Forwarded-Proto https
	server weir $BLOG:80 source $CDN
END
lab_spawn backends nginx -e "$LAB_DIR/told/error.log" -c "$LAB_DIR/told/nginx.conf"
lab_spawn backends haproxy -db -f "$LAB_DIR/named.cfg"
lab_start
lab_spawn client haproxy -db -f "$LAB_DIR/front.cfg"
eventually 5 can_connect $CLIENT $FRONT 443 || lab_fail "haproxy did not start"

# from ADDRESS TO URL [CURL OPTIONS...]: ask as a client of this address. Whose certificate it is does
# not matter here.
from() {
	local source=$1 to=$2 url=$3
	shift 3
	fetch "$to" "$url" --interface "$source" --insecure --max-time 5 "$@"
}

story "the container learns the client's address from the header that it asked for"
expect_equal "version 1" "$(from $CLIENT $BLOG http://told.example/)" "$CLIENT to $BLOG:80"
expect_equal "version 2, over TLS" "$(from $CLIENT $BLOG https://told.example/)" "$CLIENT to $BLOG:443"
expect_equal "HTTP/2 inside" "$(from $CLIENT $BLOG https://told.example/ --http2)" "$CLIENT to $BLOG:443"
expect_equal "with the server's name" "$(from $CLIENT $BLOG https://named.example/)" "$CLIENT asks for named.example"

story "a front end's header names its client, through to the container"
expect_equal "HTTP" "$(from $CLIENT $FRONT http://told.example/)" "$CLIENT to $FRONT:80"
expect_equal "TLS" "$(from $CLIENT $FRONT https://told.example/)" "$CLIENT to $FRONT:443"
expect_equal "two requests of a connection" \
	"$(from $CLIENT $FRONT http://plain.example/ http://plain.example/ | xargs)" "$CLIENT | http | $CLIENT $CLIENT | http | $CLIENT"
expect "the log names the client" eventually 3 grep -q "client=$CLIENT:.* host=plain.example " "$LAB_DIR/spawned.log"

story "a front end that sends no header is refused, and so is a header from anybody else"
from $CLIENT $FRONT http://plain.example:81/ -D - -o /dev/null >"$LAB_DIR/answer"
expect "a bad request" grep -q '^HTTP/1.1 400 ' "$LAB_DIR/answer"
expect "by name" grep -qi '^X-Weir-Error: proxy_header' "$LAB_DIR/answer"
from $CLIENT $BLOG http://plain.example/ --haproxy-protocol -D - -o /dev/null >"$LAB_DIR/answer"
expect "a bad request, too" grep -q '^HTTP/1.1 400 ' "$LAB_DIR/answer"

story "a trusted HTTP front end is believed, and nobody else is"
expect_equal "the chain" "$(from $CLIENT $CDN http://plain.example/)" "$CLIENT, $CDN | https | $CLIENT"
expect_equal "a claim" "$(from $CLIENT $BLOG http://plain.example/ -H 'X-Forwarded-For: 6.6.6.6' -H 'X-Real-Ip: 6.6.6.6')" \
	"$CLIENT | http | $CLIENT"

story "a client that offers a protocol with a route of its own gets that app, whatever the name"
answer=$(printf 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
	client timeout 5 openssl s_client -quiet -connect $BLOG:443 -servername told.example -alpn acme-tls/1 2>/dev/null | tail -n 1)
expect_equal "acme-tls/1" "$answer" "certificates for $CLIENT"

story "connections are counted by client, behind a front end as without, and a front end's own are not"
# hold TO: a connection that has had an answer and stays.
hold() {
	lab_spawn client timeout 60 bash -c "exec 3<>/dev/tcp/$1/80; printf 'GET / HTTP/1.1\r\nHost: plain.example\r\n\r\n' >&3; sleep 60"
}
count() { grep -c "ending=complete" "$LAB_DIR/spawned.log"; }
before=$(count)
for _ in 1 2 3; do hold $BLOG; done
held() { (($(count) >= before + 3)); }
expect "three are served" eventually 5 held
expect_equal "the fourth" "$(from $CLIENT $BLOG http://plain.example/ -o /dev/null -w '%{http_code}')" 429
expect_equal "the fourth, by the front end" "$(from $CLIENT $FRONT http://plain.example/ -o /dev/null -w '%{http_code}')" 429
expect_equal "another client, by the front end" "$(from $LISTED $FRONT http://plain.example/ -o /dev/null -w '%{http_code}')" 200
for _ in 1 2 3 4 5; do
	expect_equal "the trusted front end" "$(from $CLIENT $CDN http://plain.example/ -o /dev/null -w '%{http_code}')" 200
done
end
