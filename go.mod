module corrgraph

go 1.26
