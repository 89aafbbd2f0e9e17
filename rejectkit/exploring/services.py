"""Ports and protocols by name: `5432` is PostgreSQL, protocol 17 is UDP."""

from __future__ import annotations

from collections.abc import Mapping

PROTOCOLS: Mapping[int, str] = {
    1: "ICMP",
    2: "IGMP",
    4: "IP-in-IP",
    6: "TCP",
    17: "UDP",
    41: "IPv6-in-IP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    112: "VRRP",
    132: "SCTP",
}
"""Protocol names by IANA number; the ones seen in a VPC."""

PORTLESS = frozenset({1, 2, 4, 41, 47, 50, 51, 58, 89, 112})
"""Protocols that have no ports; flow logs give 0 for both of theirs."""

# Source: the IANA service-name registry where it says what the port is used for today, else the default
# of the program (its own documentation).
_NAMES = """
20 FTP data | 21 FTP | 22 SSH | 23 Telnet | 25 SMTP | 37 time | 43 WHOIS | 49 TACACS | 53 DNS | 67 DHCP
68 DHCP | 69 TFTP | 79 finger | 80 HTTP | 81 HTTP alternate | 88 Kerberos | 102 S7comm | 110 POP3
111 rpcbind | 113 ident | 119 NNTP | 123 NTP | 135 Windows RPC | 137 NetBIOS names | 138 NetBIOS datagrams
139 NetBIOS sessions | 143 IMAP | 161 SNMP | 162 SNMP traps | 179 BGP | 389 LDAP | 427 SLP | 443 HTTPS
445 SMB | 464 Kerberos passwords | 465 SMTPS | 500 IKE | 502 Modbus | 512 rexec | 513 rlogin | 514 syslog
515 printing | 520 RIP | 548 AFP | 554 RTSP | 587 mail submission | 623 IPMI | 631 IPP | 636 LDAPS
853 DNS over TLS | 860 iSCSI | 873 rsync | 902 VMware | 989 FTPS data | 990 FTPS | 993 IMAPS | 995 POP3S
1080 SOCKS | 1099 Java RMI | 1194 OpenVPN | 1311 Dell OpenManage | 1433 SQL Server | 1434 SQL Server browser
1521 Oracle | 1701 L2TP | 1723 PPTP | 1812 RADIUS | 1813 RADIUS accounting | 1883 MQTT | 1900 SSDP
2049 NFS | 2082 cPanel | 2083 cPanel TLS | 2181 ZooKeeper | 2222 SSH alternate | 2323 Telnet alternate
2375 Docker | 2376 Docker TLS | 2379 etcd | 2380 etcd peers | 2404 IEC 60870-5-104 | 2483 Oracle
2484 Oracle TLS | 3000 web development | 3128 Squid | 3260 iSCSI | 3268 Active Directory catalogue
3269 Active Directory catalogue TLS | 3306 MySQL | 3389 RDP | 3478 STUN | 3690 Subversion
3702 WS-Discovery | 4000 web development | 4317 OpenTelemetry | 4318 OpenTelemetry HTTP
4369 Erlang port mapper | 4433 HTTPS alternate | 4443 HTTPS alternate | 4500 IPsec NAT traversal
4786 Cisco Smart Install | 4789 VXLAN | 5000 web development | 5001 iperf | 5044 Logstash beats | 5060 SIP
5061 SIP TLS | 5222 XMPP | 5353 mDNS | 5355 LLMNR | 5432 PostgreSQL | 5439 Redshift
5555 Android debug bridge | 5601 Kibana | 5666 NRPE | 5671 AMQP TLS | 5672 AMQP | 5683 CoAP | 5900 VNC
5901 VNC | 5984 CouchDB | 5985 WinRM | 5986 WinRM TLS | 6000 X11 | 6081 Geneve | 6379 Redis | 6380 Redis TLS
6443 Kubernetes API | 6514 syslog TLS | 6667 IRC | 7000 Cassandra peers | 7001 WebLogic | 7070 RealServer
7077 Spark | 7474 Neo4j | 7547 TR-069 | 7687 Neo4j Bolt | 8000 HTTP alternate | 8008 HTTP alternate
8009 AJP | 8020 HDFS | 8080 HTTP alternate | 8081 HTTP alternate | 8086 InfluxDB | 8088 YARN | 8089 Splunk
8123 ClickHouse HTTP | 8125 StatsD | 8140 Puppet | 8161 ActiveMQ console | 8200 Vault | 8300 Consul RPC
8301 Consul gossip | 8443 HTTPS alternate | 8472 Flannel VXLAN | 8500 Consul | 8545 Ethereum RPC
8600 Consul DNS | 8728 MikroTik | 8834 Nessus | 8883 MQTT TLS | 8888 Jupyter | 9000 ClickHouse
9042 Cassandra | 9090 Prometheus | 9092 Kafka | 9093 Alertmanager | 9094 Kafka TLS | 9096 Kafka SASL
9098 Kafka IAM | 9100 node exporter | 9104 MySQL exporter | 9121 Redis exporter | 9160 Cassandra Thrift
9187 PostgreSQL exporter | 9200 OpenSearch | 9300 OpenSearch peers | 9418 Git | 9443 HTTPS alternate
9999 debugging | 10050 Zabbix agent | 10051 Zabbix server | 10250 kubelet | 10255 kubelet read-only
10256 kube-proxy health | 11211 memcached | 11214 memcached TLS | 15672 RabbitMQ console
16379 Redis cluster bus | 17185 VxWorks debugging | 18080 Spark history | 19000 NameNode | 20000 DNP3
25565 Minecraft | 26257 CockroachDB | 27015 game server | 27017 MongoDB | 27018 MongoDB | 27019 MongoDB
28015 RethinkDB | 30303 Ethereum peers | 37777 Dahua DVR | 41641 Tailscale | 44818 EtherNet/IP
47808 BACnet | 50000 Db2 | 50051 gRPC | 51820 WireGuard | 52869 Realtek UPnP | 61616 ActiveMQ
"""


def _table() -> dict[int, str]:
    entries = (entry.split(maxsplit=1) for line in _NAMES.strip().splitlines() for entry in line.split("|"))
    return {int(port): name.strip() for port, name in entries}


SERVICES: Mapping[int, str] = _table()
"""Service names by port; TCP and UDP alike."""


def service_name(port: int) -> str | None:
    """Return what usually listens on a port, or None where the table has nothing.

    Examples
    --------
    >>> service_name(5432), service_name(40123)
    ('PostgreSQL', None)
    """
    return SERVICES.get(port)


def port_label(port: int, protocol: int | None = None) -> str:
    """Return a port with its service name, or the protocol's name where it has no ports.

    Parameters
    ----------
    port : int
        Port number.
    protocol : int, optional
        IANA number. UDP and the rarer ones are named, TCP goes without saying.

    Examples
    --------
    >>> port_label(5432), port_label(40123, 17), port_label(0, 1)
    ('5432 (PostgreSQL)', '40123/UDP', 'ICMP')
    """
    if protocol in PORTLESS:
        return PROTOCOLS[protocol]
    if protocol is not None and protocol not in (6, 17, 132):
        return protocol_name(protocol)
    carrier = "" if protocol in (None, 6) else f"/{protocol_name(protocol)}"
    name = SERVICES.get(port)
    return f"{port}{carrier} ({name})" if name else f"{port}{carrier}"


def protocol_name(number: int) -> str:
    """Return a protocol's name, or `protocol 99` where the table has none.

    Examples
    --------
    >>> protocol_name(17), protocol_name(99)
    ('UDP', 'protocol 99')
    """
    return PROTOCOLS.get(number, f"protocol {number}")
